using System.Globalization;
using System.Text.Json;
using Evidence;

namespace Gateway.Benchmarks;

/// <summary>How a soak is run.</summary>
/// <param name="Length">How long faults are done and samples taken; draining and checking come after. Default 60 minutes.</param>
/// <param name="Seed">Of all faults. Default 1.</param>
/// <param name="SealSeconds">Longest age of a batch. Default 60, so that an hour has more batches than a truck's twelve.</param>
/// <param name="GatewayProgram">The published gateway.</param>
/// <param name="Root">The repository, for the broker's configuration.</param>
/// <param name="IsKept">Whether the folder stays at the end.</param>
internal sealed record SoakPlan(TimeSpan Length, ulong Seed, int SealSeconds, string GatewayProgram, string Root, bool IsKept)
{
    public const int Probes = 8, IntervalMs = 1_000;
}

/// <summary>The shipped gateway at a round a second from eight emulated probes, against mosquitto and the real ledger, with random faults:
/// `soak [--minutes 60] [--seed 1] [--seal-seconds 60] [--keep]`. Flat is the goal; lost, invented and unexplained must be nothing.</summary>
internal static class SoakBenchmark
{
    private static readonly TimeSpan SampleEvery = TimeSpan.FromSeconds(10), DrainPatience = TimeSpan.FromMinutes(10);

    public static int Run(string[] arguments)
    {
        var root = Repository();
        string? Given(string name) => Array.IndexOf(arguments, name) is >= 0 and var at && at + 1 < arguments.Length ? arguments[at + 1] : null;
        var plan = new SoakPlan(
            TimeSpan.FromMinutes(double.Parse(Given("--minutes") ?? "60", CultureInfo.InvariantCulture)),
            ulong.Parse(Given("--seed") ?? "1", CultureInfo.InvariantCulture),
            int.Parse(Given("--seal-seconds") ?? "60", CultureInfo.InvariantCulture),
            Given("--gateway") ?? Path.Combine(root, "artifacts", "linux-x64", "gateway"), root, arguments.Contains("--keep"));
        if (!File.Exists(plan.GatewayProgram))
        {
            Console.Error.WriteLine($"soak: {plan.GatewayProgram} is missing. Make it: "
                + "dotnet publish Gateway -c Release -r linux-x64 -o artifacts/linux-x64");
            return 1;
        }

        return Soak(plan).GetAwaiter().GetResult();
    }

    private static async Task<int> Soak(SoakPlan plan)
    {
        await using var stage = new SoakStage(plan);
        var promised = new List<long>();
        var samples = new List<SoakSample>();
        var faults = new SoakFaults(stage, plan, async () => promised.Add((await stage.Status())?.Recorded ?? 0));
        stage.StartBroker();
        stage.StartLedger();
        stage.StartGateway();
        var started = TimeProvider.System.GetTimestamp();
        await Until(async () => await stage.Status() is not null, "the gateway's first round", DrainPatience);
        using (var stop = new CancellationTokenSource(plan.Length, TimeProvider.System))
        {
            ConsoleCancelEventHandler end = (_, pressed) =>
            {
                pressed.Cancel = true;
                stop.Cancel();
            };
            Console.CancelKeyPress += end;
            var sampling = Sample(stage, samples, started, stop.Token);
            await Task.WhenAll(faults.Run(stop.Token), sampling);
            Console.CancelKeyPress -= end;
        }

        // One kill more, when nothing is watched any longer: what it had promised must be there, too.
        promised.Add((await stage.Status())?.Recorded ?? 0);
        stage.KillGateway();
        stage.StartGateway();
        await Drained(stage);
        var id = (await stage.Status())!.Gateway;
        await StoppedWithNothingWaiting(stage, promised);
        SoakReport.Print(plan, stage, samples, faults.Done);
        return await Judge(plan, stage, id, promised) ? 0 : 1;
    }

    private static async Task Sample(SoakStage stage, List<SoakSample> samples, long started, CancellationToken stop)
    {
        var (written, seen, process) = (0L, 0L, -1);
        using var timer = new PeriodicTimer(SampleEvery, TimeProvider.System);
        try
        {
            while (await timer.WaitForNextTickAsync(stop))
            {
                if (stage.GatewayId is not { } id || ProcessSample.Of(id) is not { } gateway)
                {
                    continue;
                }

                seen = process == stage.Restarts ? seen : 0; // A new process counts from zero.
                process = stage.Restarts;
                written += gateway.WrittenBytes - seen;
                seen = gateway.WrittenBytes;
                var sample = new SoakSample(TimeProvider.System.GetElapsedTime(started).TotalSeconds, stage.GatewayAgeSeconds, process, gateway,
                    stage.LedgerId is { } ledger ? ProcessSample.Of(ledger) : null, written, stage.DeviceBytes, stage.GatewayRoad.Up + stage.GatewayRoad.Down,
                    SoakFiles.Measure(stage.GatewayFolder, stage.LedgerFolder));
                samples.Add(sample);
                if (samples.Count % 6 == 0)
                {
                    SoakReport.PrintLine(sample);
                }
            }
        }
        catch (OperationCanceledException)
        {
            return; // Time is up.
        }
    }

    /// <summary>All faults are over: everything that is sealed gets its receipt.</summary>
    private static Task Drained(SoakStage stage) => Until(async () => await stage.Status() is { Waiting: 0, ToSign: 0, Sealed: > 0, Anchored: > 0 },
        "every sealed batch to have its receipt", DrainPatience, stage);

    /// <summary>An orderly stop seals what is open and waits three seconds for its receipt; on a busy machine that may need another
    /// start.</summary>
    private static async Task StoppedWithNothingWaiting(SoakStage stage, List<long> promised)
    {
        for (var attempt = 1; ; attempt++)
        {
            promised.Add((await stage.Status())?.Recorded ?? 0);
            var isOrderly = stage.StopGateway();
            var (_, said) = stage.Gateway("fsck", "--data", stage.GatewayFolder, "--json");
            if (isOrderly && Unanchored(said) == 0)
            {
                return;
            }

            if (attempt == 5)
            {
                throw new InvalidOperationException($"Five orderly stops left something without a receipt: {said}");
            }

            stage.StartGateway();
            await Drained(stage);
        }
    }

    /// <summary>Batches without a receipt, those without a signature included.</summary>
    private static int Unanchored(string fsckJson)
    {
        using var document = JsonDocument.Parse(fsckJson);
        return document.RootElement.GetProperty("unanchored").GetInt32() + document.RootElement.GetProperty("toSign").GetInt32();
    }

    private static async Task<bool> Judge(SoakPlan plan, SoakStage stage, GatewayId id, List<long> promised)
    {
        var bundle = Path.Combine(stage.Folder, "soak.coldproof.json");
        var policy = VerifierPolicy.Parse(File.ReadAllBytes(stage.PolicyFile));
        await File.WriteAllBytesAsync(bundle, await Whole(stage, id));
        var (verifyCode, verifySaid) = stage.Gateway("verify", bundle, "--policy", stage.PolicyFile);
        var verdict = Verifier.Verify(await File.ReadAllBytesAsync(bundle), policy);
        var account = SoakAccount.Of(Bundle.Parse(await File.ReadAllBytesAsync(bundle)), plan.Seed, promised);
        var exported = Path.Combine(stage.Folder, "gateway.coldproof.json");
        var (exportCode, exportSaid) = stage.Gateway("export", "--data", stage.GatewayFolder, "--from", Instant(verdict.FromMs), "--to", Instant(verdict.ToMs),
            "--out", exported);
        var ownCode = exportCode == 0 ? stage.Gateway("verify", exported, "--policy", stage.PolicyFile).Code : exportCode;
        var isOrderly = stage.StopLedger();
        var (gatewayFsck, gatewayWords) = stage.Gateway("fsck", "--data", stage.GatewayFolder);
        var (ledgerFsck, ledgerWords) = stage.Ledger("fsck", "--data", stage.LedgerFolder, "--keys", Path.GetDirectoryName(stage.PolicyFile)!);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"soak: {account.Readings:N0} readings in {account.Batches} batches of {account.Boots} boots, {account.Measured:N0} of them measured, "
            + $"{account.Late:N0} Timeout; declared gaps {account.DeclaredSeconds:0} s"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"soak: readings lost {account.Lost}, invented {account.Invented}, unexplained minutes {account.UnexplainedMinutes:0.##}"));
        Console.WriteLine($"soak: the ledger's bundle of the whole time: {verdict.Headline} (gateway verify: {verifyCode}); the gateway's own export: "
            + $"{ownCode}; gateway fsck: {gatewayFsck}; ledger fsck: {ledgerFsck}");
        string[] wrong =
        [
            .. account.Details,
            verdict.Word == VerdictWord.Verified && verifyCode == 0 ? "" : $"{verdict.Reason} {verifySaid}",
            ownCode == 0 ? "" : exportSaid, gatewayFsck == 0 ? "" : gatewayWords, ledgerFsck == 0 ? "" : ledgerWords,
            isOrderly ? "" : "The ledger did not end with 0.",
        ];
        foreach (var line in wrong.Where(line => line.Length > 0))
        {
            Console.WriteLine($"soak: WRONG: {line}");
        }

        return wrong.All(line => line.Length == 0) && account.Lost == 0 && account.Invented == 0 && account.UnexplainedMinutes == 0;
    }

    /// <summary>The window of the whole record, as the page's own link leads to it.</summary>
    private static async Task<byte[]> Whole(SoakStage stage, GatewayId id)
    {
        using var http = new HttpClient { Timeout = DrainPatience };
        using var shown = await http.GetAsync(new Uri($"{stage.Page}/g/{id}/all"));
        var whole = shown.RequestMessage!.RequestUri!.GetLeftPart(UriPartial.Path);
        return await http.GetByteArrayAsync(new Uri($"{whole}/bundle"));
    }

    private static string Instant(long wallMs) =>
        DateTimeOffset.FromUnixTimeMilliseconds(wallMs).ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    private static async Task Until(Func<Task<bool>> holds, string what, TimeSpan patience, SoakStage? stage = null)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!await holds())
        {
            if (stage?.Ended() is { } ended)
            {
                throw new InvalidOperationException(ended);
            }

            if (TimeProvider.System.GetElapsedTime(started) > patience)
            {
                throw new InvalidOperationException($"Waited {patience.TotalMinutes:0} minutes for {what} in vain.");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System);
        }
    }

    private static string Repository()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Gateway.sln")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException("Run it from inside the repository: Gateway.sln is in no folder above this program.");
    }
}
