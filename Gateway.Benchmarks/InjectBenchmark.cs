using System.Globalization;
using Gateway.Tests.Abuse;

namespace Gateway.Benchmarks;

/// <summary>Every call on their own files of gateway and ledger fails once: `inject [gateway|ledger] [SYSCALL …] [--from K] [--max K] [--other]`.</summary>
/// <remarks>The errors are EIO and ENOSPC in turn; with --other each call meets the other of the two.</remarks>
internal static class InjectBenchmark
{
    private const int StrikesMax = 2;

    public static int Run(string[] args)
    {
        var targets = args.Contains("gateway") ? [Victim.Gateway] : args.Contains("ledger") ? [Victim.Ledger] : new[] { Victim.Gateway, Victim.Ledger };
        var syscalls = Injection.Syscalls.Where(args.Contains).ToList() is { Count: > 0 } named ? named : [.. Injection.Syscalls];
        var (from, max, isOther) = (Option(args, "--from", 1), Option(args, "--max", int.MaxValue), args.Contains("--other"));
        var isClean = true;
        foreach (var target in targets)
        {
            foreach (var syscall in syscalls)
            {
                isClean &= Told(target, syscall, (from, max, isOther)).GetAwaiter().GetResult();
            }
        }

        return isClean ? 0 : 1;
    }

    private static async Task<bool> Told(Victim target, string syscall, (int From, int Max, bool IsOther) span)
    {
        try
        {
            return await Sweep(target, syscall, span);
        }
        catch (InvalidOperationException stuck)
        {
            Console.WriteLine($"VIOLATION {target} {syscall}: {stuck.Message}");
            return false;
        }
    }

    /// <summary>The first, the second, the third … call, until the program makes no such call any more.</summary>
    private static async Task<bool> Sweep(Victim target, string syscall, (int From, int Max, bool IsOther) span)
    {
        await using var run = await InjectionRun.Begin();
        List<InjectionOutcome> outcomes = [];
        for (var (when, missed) = (span.From, 0); when <= span.Max && missed < StrikesMax; when++)
        {
            var outcome = await run.Inject(new(target, syscall, Injection.ErrorOf(when, span.IsOther), when));
            missed = outcome.Hits == 0 ? missed + 1 : 0;
            if (outcome.Hits > 0)
            {
                outcomes.Add(outcome);
            }

            Console.Error.Write($"\r{target} {syscall}: call {when}, stopped {outcomes.Count(past => past.EndedWith is not null)} times   ");
        }

        var account = await run.Close();
        Console.Error.WriteLine();
        Console.WriteLine($"{target} {syscall}: {outcomes.Count} calls failed one by one; the program went on {outcomes.Count(past => past.EndedWith is null)} times and stopped with a "
            + $"sentence {outcomes.Count(past => past.EndedWith is not null)} times; lost {account.Lost}, invented {account.Invented}, unexplained minutes {account.UnexplainedMinutes}, "
            + $"signed twice {account.SignedTwice}, logged twice {account.LoggedTwice}, of {account.Recorded:N0} readings in {account.Batches:N0} batches");
        foreach (var sentences in outcomes.GroupBy(past => (past.EndedWith, Shape(past.Sentence))))
        {
            Console.WriteLine($"    {sentences.Count(),3} × {(sentences.Key.EndedWith is { } code ? $"exit {code}" : "went on")}: {sentences.Key.Item2}");
        }

        foreach (var violation in account.Violations)
        {
            Console.WriteLine("VIOLATION " + violation);
        }

        Console.Out.Flush();
        return account.IsClean;
    }

    /// <summary>A sentence without what differs from run to run.</summary>
    private static string Shape(string sentence) => new([.. sentence.Where(letter => !char.IsAsciiDigit(letter)).Take(200)]);

    private static int Option(string[] args, string name, int fallback) => Array.IndexOf(args, name) is >= 0 and var at && at + 1 < args.Length
        ? int.Parse(args[at + 1], CultureInfo.InvariantCulture) : fallback;
}
