using Anchoring;
using Evidence;
using Gateway.Tests.Anchoring;

namespace Gateway.Tests.Abuse;

// Goal: a flush that failed is never trusted afterwards, although the kernel reads the lost bytes back from memory and reports the next flush as
// done. Method: a disk that forgets as Linux does; the n-th flush fails and ends the session; the next session goes on without a reboot; then
// power is cut.
public sealed class FailedFlushTests
{
    // F-69. So many rounds that the frame in hand lies in every way across the pages of 4,096 bytes.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_a_failed_flush_lost_is_written_anew_before_anything_is_built_on_it(bool isSeal)
    {
        for (var roundsBefore = 0; roundsBefore < 100; roundsBefore++)
        {
            FailAfter(roundsBefore, isSeal);
        }
    }

    private static void FailAfter(int roundsBefore, bool isSeal)
    {
        using var bench = new Bench();
        var disk = new ForgettingDisk();
        using (var first = bench.Start(disk.Folder))
        {
            for (var i = 0; i < roundsBefore; i++)
            {
                bench.Round(first, 4_000 + i, 5_000);
            }

            disk.FailsNext = true;
            Assert.Throws<NotRecordedException>(() =>
            {
                if (isSeal)
                {
                    bench.Round(first, 9_000, 5_000); // Out of range: recorded, and sealed at once.
                }
                else
                {
                    bench.Round(first, 4_500, 5_000);
                }
            });
        }

        Assert.Equal(1, disk.Failures);
        bench.PowerCut(10_000); // The process starts anew; the machine did not.
        using (var second = bench.Start(disk.Folder))
        {
            bench.Round(second, 4_600, 5_100);
            second.SealOpen(bench.Now(second));
        }

        disk.CutPower();
        bench.PowerCut();
        using var third = bench.Start(disk.Folder);
        bench.Round(third, 4_700, 5_200);
        third.SealOpen(bench.Now(third));
        Assert.True(third.Status.Faults.IsEmpty, $"after {roundsBefore} rounds: {string.Join(' ', third.Status.Faults)}");
        var extract = third.Extract(0, long.MaxValue);
        Assert.Empty(extract.Missing);
        var readings = extract.Batches.SelectMany(batch => batch.Body.Channels[0].Samples).Select(sample => sample.Temperature!.Value.Value).ToList();
        Assert.Contains(4_600, readings);
        Assert.Contains(4_700, readings);
    }
}
