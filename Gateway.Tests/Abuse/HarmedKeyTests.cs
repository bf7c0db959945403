using System.Security.Cryptography;
using Anchoring;

namespace Gateway.Tests.Abuse;

// Goal: a key or an identity that cannot be used costs no reading, is said in words, and signs what waits as soon as it is right again.
// Method: the real programs; the gateway is killed, its key is harmed, it is started, and the key is put right while it runs; at the end a
// stranger's verdict.
public sealed class HarmedKeyTests
{
    // F-14, F-54, F-165
    [Fact]
    public async Task A_gateway_without_its_key_records_on_and_signs_what_waits_when_the_key_is_right_again()
    {
        await using var drive = await Drive.Begin(new());
        var key = Path.Combine(drive.Convoy.GatewayData, GatewayKey.KeyName);
        var id = Path.Combine(drive.Convoy.GatewayData, GatewayKey.IdentityName);
        var whole = await File.ReadAllTextAsync(key, TestContext.Current.CancellationToken);
        var name = await File.ReadAllTextAsync(id, TestContext.Current.CancellationToken);

        await RecordsUnsigned(drive, () => File.SetUnixFileMode(key, (UnixFileMode)0b110_100_100), "can be read or changed by others (mode 644)");
        await SignsAgain(drive, () => File.SetUnixFileMode(key, (UnixFileMode)0b110_000_000), "");

        await RecordsUnsigned(drive, () => Without(key, id), $"{key} is not there");
        await SignsAgain(drive, () => Keep(key, whole), $"{id} is not there. Signing goes on");
        await SignsAgain(drive, () => Keep(id, name), "");

        using var foreign = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await RecordsUnsigned(drive, () => Keep(key, foreign.ExportPkcs8PrivateKeyPem()), "Put this gateway's own key back from your copy.");
        await SignsAgain(drive, () => Keep(key, whole), "");
        await drive.AssertClean();
    }

    // F-54
    [Fact]
    public async Task A_key_is_never_made_anew_beside_a_record_and_a_gateway_that_never_recorded_does_not_begin_without_one()
    {
        await using var convoy = await Convoy.Make(new());
        var key = Path.Combine(convoy.GatewayData, GatewayKey.KeyName);
        File.SetUnixFileMode(key, (UnixFileMode)0b110_100_100);
        convoy.StartGateway();
        Assert.True(await convoy.Gateway!.Ended(TimeSpan.FromMinutes(4)));
        Assert.Equal(78, convoy.Gateway.ExitCode);
        Assert.Contains("Run chmod 600", convoy.Gateway.Said, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(convoy.GatewayData, Logbook.JournalFolder)));

        File.SetUnixFileMode(key, (UnixFileMode)0b110_000_000);
        convoy.StartGateway();
        await Convoy.Until(() => Task.FromResult(Directory.Exists(Path.Combine(convoy.GatewayData, Logbook.BatchesFolder))
                && StoppedLook.Run(convoy.GatewayData) is { Last: not null }),
            () => convoy.Gateway.HasEnded ? convoy.Gateway.Said : null, "the first round");
        Assert.True(await convoy.Gateway.Terminate(TimeSpan.FromMinutes(4)));
        Without(key, Path.Combine(convoy.GatewayData, GatewayKey.IdentityName));
        var asked = await convoy.RunGateway("enrol", "request", "--emulate", "--out", convoy.At("again.json"));
        Assert.Equal(78, asked.Code);
        Assert.Contains("A new key could not continue the record", asked.Said, StringComparison.Ordinal);
        Assert.False(File.Exists(key));
        var stopped = await convoy.RunGateway("status");
        Assert.Contains("the key is missing", stopped.Said, StringComparison.Ordinal);
        var fsck = await convoy.FsckGateway();
        Assert.Equal(1, fsck.Code);
        Assert.Contains("Restore it from your copy.", fsck.Said, StringComparison.Ordinal);
    }

    private static async Task RecordsUnsigned(Drive drive, Action harm, string words)
    {
        await Convoy.Kill(drive.Convoy.Gateway);
        drive.GatewayIsGone();
        harm();
        drive.Watch.LookAnew();
        drive.Convoy.StartGateway();
        long? from = null;
        await Until(drive, () => drive.Watch.Current is { ToSign: > 0, IsConnected: true, Recorded: > 0 } status && status.Recorded > (from ??= status.Recorded) + 8
            && status.Trouble.Any(trouble => trouble.StartsWith("Nothing is signed: ", StringComparison.Ordinal)
                && trouble.Contains(words, StringComparison.Ordinal)), $"readings without a key: {words}");
    }

    private static async Task SignsAgain(Drive drive, Action mend, string words)
    {
        mend();
        await Until(drive, () => drive.Watch.Current is { ToSign: 0, Waiting: 0, Recorded: > 0 } status
            && (words.Length == 0 ? status.Trouble.IsEmpty : status.Trouble.Any(trouble => trouble.Contains(words, StringComparison.Ordinal))),
            $"everything to be signed and anchored: {words}");
    }

    private static Task Until(Drive drive, Func<bool> holds, string what) => Convoy.Until(() => Task.FromResult(holds()),
        () => drive.Convoy.Gateway!.HasEnded ? drive.Convoy.Gateway.Said : null, what);

    private static void Without(params string[] paths) => Array.ForEach(paths, File.Delete);

    private static void Keep(string path, string text)
    {
        File.WriteAllText(path + ".mended", text);
        File.SetUnixFileMode(path + ".mended", (UnixFileMode)0b110_000_000);
        File.Move(path + ".mended", path, overwrite: true);
    }
}
