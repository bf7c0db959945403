using System.Globalization;
using Gateway.Tests.Abuse;

namespace Gateway.Benchmarks;

/// <summary>kill -9 of gateway, ledger and broker while data flow: `kills [N] [--seed S]`. Without numbers, 200 kills of a seed of the day.</summary>
internal static class KillsBenchmark
{
    private const int PauseMaxMs = 3_000;

    public static int Run(string[] args)
    {
        var kills = args.Length > 0 && int.TryParse(args[0], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 200;
        var seed = Array.IndexOf(args, "--seed") is >= 0 and var at && at + 1 < args.Length
            ? int.Parse(args[at + 1], CultureInfo.InvariantCulture)
            : (int)(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() / 86_400);
        Console.WriteLine($"kills: {kills} of {ProgramPlaces.GatewayKind}, ledger and mosquitto over TLS; again: Gateway.Benchmarks -- kills {kills} --seed {seed}");
        var run = new KillRun(seed, kills, PauseMaxMs);
        var account = run.Run(done => ProgressLine.Draw(done, kills, "kills")).GetAwaiter().GetResult();
        Console.Error.WriteLine();
        Console.WriteLine($"killed                {string.Join(", ", run.Killed.Select(pair => $"{pair.Key} {pair.Value}"))}; fsck clean {run.CleanFscks} times of "
            + $"{run.Killed[Victim.Gateway] + run.Killed[Victim.Ledger]}");
        foreach (var line in account.Lines())
        {
            Console.WriteLine(line);
        }

        return account.IsClean ? 0 : 1;
    }
}

/// <summary>One line on standard error that is drawn over and over.</summary>
internal static class ProgressLine
{
    private const int Width = 30;

    public static void Draw(int done, int all, string what)
    {
        var full = all == 0 ? Width : done * Width / all;
        Console.Error.Write($"\r[{new string('#', full)}{new string('.', Width - full)}] {done} of {all} {what}");
    }
}
