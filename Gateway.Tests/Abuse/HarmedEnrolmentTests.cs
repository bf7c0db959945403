using System.Text;
using Gateway.Hosting;

namespace Gateway.Tests.Abuse;

// Goal: a file of the enrolment that the card has harmed costs no reading.
// Method: the real programs; while the gateway is stopped one of its files is harmed, and put back later; at the end a stranger's verdict.
public sealed class HarmedEnrolmentTests
{
    // F-152
    [Theory]
    [InlineData(EnrolmentFolder.AnswerName, "cut", "is damaged")]
    [InlineData(EnrolmentFolder.AnswerName, "gone", "is not there")]
    [InlineData(EnrolmentFolder.AnswerName, "certificate", "cannot be used")]
    [InlineData(EnrolmentFolder.TlsKeyName, "cut", "cannot be used")]
    [InlineData(EnrolmentFolder.TlsKeyName, "gone", "cannot be read")]
    public async Task A_gateway_records_on_without_a_link_and_says_which_file_it_lacks(string name, string harm, string words)
    {
        await using var drive = await Drive.Begin(new());
        await drive.StopGateway();
        var path = Path.Combine(drive.Convoy.GatewayData, name);
        var whole = await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken);
        Harm(path, whole, harm);
        drive.Watch.LookAnew();
        drive.Convoy.StartGateway();
        await Convoy.Until(() => Task.FromResult(drive.Watch.Current is { Recorded: > 20, IsConnected: false } status
                && status.Trouble.Any(trouble => trouble.StartsWith("No link to the ledger: ", StringComparison.Ordinal)
                    && trouble.Contains(words, StringComparison.Ordinal))),
            () => drive.Convoy.Gateway!.HasEnded ? drive.Convoy.Gateway.Said : null, "readings without a link, and the reason");
        await drive.StopGateway();
        await File.WriteAllBytesAsync(path, whole, TestContext.Current.CancellationToken);
        drive.Convoy.StartGateway();
        await drive.AssertClean();
    }

    // F-152
    [Fact]
    public async Task A_gateway_that_was_never_enrolled_does_not_begin()
    {
        await using var convoy = await Convoy.Make(new());
        File.Delete(Path.Combine(convoy.GatewayData, EnrolmentFolder.AnswerName));
        convoy.StartGateway();
        Assert.True(await convoy.Gateway!.Ended(TimeSpan.FromMinutes(4)));
        Assert.Equal(78, convoy.Gateway.ExitCode);
        Assert.Contains("This gateway is not enrolled", convoy.Gateway.Said, StringComparison.Ordinal);
    }

    private static void Harm(string path, byte[] whole, string harm)
    {
        switch (harm)
        {
            case "gone":
                File.Delete(path);
                break;
            case "cut":
                File.WriteAllBytes(path, whole[..(whole.Length / 2)]);
                break;
            default:
                var text = Encoding.UTF8.GetString(whole);
                Assert.Contains("BEGIN CERTIFICATE", text, StringComparison.Ordinal);
                File.WriteAllText(path, text.Replace("BEGIN CERTIFICATE", "BEGIN CERTIFICATF", StringComparison.Ordinal));
                break;
        }
    }
}
