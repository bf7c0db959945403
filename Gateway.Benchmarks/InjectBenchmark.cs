using System.Globalization;
using Gateway.Tests.Abuse;

namespace Gateway.Benchmarks;

/// <summary>Every call on their own files of gateway and ledger fails once: `inject [gateway|ledger] [SYSCALL …] [--from K] [--max K] [--other]`.</summary>
/// <remarks>The errors are EIO and ENOSPC in turn; with --other each call meets the other of the two.</remarks>
internal static class InjectBenchmark
{
    private const int StrikesMax = 3;

    public static int Run(string[] args)
    {
        var targets = args.Contains("gateway") ? [Victim.Gateway] : args.Contains("ledger") ? [Victim.Ledger] : new[] { Victim.Gateway, Victim.Ledger };
        var syscalls = Injection.Syscalls.Concat(Injection.Questions).Where(args.Contains).ToList() is { Count: > 0 } named ? named : [.. Injection.Syscalls, .. Injection.Questions];
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
        HashSet<string> seen = [];
        for (var (when, missed) = (span.From, 0); when <= span.Max && missed < StrikesMax; when++)
        {
            var outcome = await run.Inject(new(target, syscall, Injection.ErrorOf(when, span.IsOther), when));
            seen.UnionWith(outcome.Seen);
            missed = outcome.Hits == 0 ? missed + 1 : 0;
            if (outcome.Hits > 0)
            {
                outcomes.Add(outcome);
            }

            Console.Error.Write($"\r{target} {syscall}: call {when} of {outcome.Calls}, stopped {outcomes.Count(past => past.EndedWith is not null)} times   ");
        }

        var account = await run.Close();
        Console.Error.WriteLine();
        Console.WriteLine($"{target} {syscall}: {outcomes.Count} calls failed one by one (the busiest thread made {outcomes.Select(past => past.Calls).DefaultIfEmpty(0).Max()}); the program went on {outcomes.Count(past => past.EndedWith is null)} times and stopped with a "
            + $"sentence {outcomes.Count(past => past.EndedWith is not null)} times; lost {account.Lost}, invented {account.Invented}, unexplained minutes {account.UnexplainedMinutes}, "
            + $"signed twice {account.SignedTwice}, logged twice {account.LoggedTwice}, of {account.Recorded:N0} readings in {account.Batches:N0} batches");
        foreach (var sentences in outcomes.GroupBy(past => (past.EndedWith, Shape(past.Sentence))))
        {
            Console.WriteLine($"    {sentences.Count(),3} × {(sentences.Key.EndedWith is { } code ? $"exit {code}" : "went on")}: {sentences.Key.Item2}");
        }

        // The calls of a program of many threads fall on other threads each time: which files were struck says more than a number.
        var struck = outcomes.SelectMany(past => past.Struck).CountBy(file => file).OrderBy(file => file.Key, StringComparer.Ordinal).ToList();
        Console.WriteLine($"    struck: {string.Join(", ", struck.Select(file => $"{file.Key} {file.Value}×"))}");
        Console.WriteLine($"    never struck: {string.Join(", ", seen.Except(struck.Select(file => file.Key)).Order(StringComparer.Ordinal))}");
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
