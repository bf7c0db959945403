using Gateway.Hosting;

namespace Gateway.Tests.Gateway;

/// <summary>The hour that the status shows: as long at a round a second as at a round a minute.</summary>
public sealed class LastHourTests
{
    private const int MinuteMs = 60_000, HourMs = 3_600_000;

    [Theory]
    [InlineData(1_000, 60)]
    [InlineData(7_000, 60)]
    [InlineData(MinuteMs, 60)]
    [InlineData(90_000, 40)]
    [InlineData(300_000, 12)]
    [InlineData(24 * HourMs, 1)]
    public void Rounds_of_any_interval_leave_one_value_a_minute_and_no_more_than_an_hour(int intervalMs, int count)
    {
        var hour = new LastHour(intervalMs);
        long last = 0;
        for (; last < 3L * HourMs || hour.Values.Length < count; last += intervalMs)
        {
            hour.Saw(last, (int)(last / 1_000));
        }

        last -= intervalMs;
        Assert.Equal(count, hour.Values.Length);
        Assert.Equal((int)(last / 1_000), hour.Values[^1]); // The newest reading is always there.
        Assert.InRange((int)(last / 1_000) - hour.Values[0]!.Value, 0, HourMs / 1_000);
        Assert.Equal(hour.Values.Order(), hour.Values);
    }

    [Fact]
    public void A_failed_reading_is_a_gap_until_the_same_minute_has_a_newer_one()
    {
        var hour = new LastHour(20_000);
        hour.Saw(0, 4_000);
        hour.Saw(20_000, null);
        Assert.Equal([null], hour.Values);
        hour.Saw(40_000, 4_100);
        Assert.Equal([4_100], hour.Values);
        hour.Saw(60_000, null);
        Assert.Equal([4_100, null], hour.Values);
    }

    [Fact]
    public void What_was_given_out_does_not_change()
    {
        var hour = new LastHour(1_000);
        hour.Saw(0, 4_000);
        var given = hour.Values;
        hour.Saw(1_000, 5_000);
        Assert.Equal([4_000], given);
    }
}
