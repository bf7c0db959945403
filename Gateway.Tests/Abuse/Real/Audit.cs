using Evidence;
using Ledger.Store;
using Microsoft.Data.Sqlite;
using Sensors;
using Sensors.Emulation;

namespace Gateway.Tests.Abuse;

/// <summary>The end of an abuse: everything is drained, both programs are stopped in order, and a stranger's verdict is held against what
/// was acknowledged, what the journal held, and what the emulated chips showed.</summary>
/// <param name="convoy">All three programs run.</param>
/// <param name="copy">What the journal held at every look before.</param>
/// <param name="killsMs">Wall milliseconds at which the gateway was ended by force.</param>
internal sealed class Audit(Convoy convoy, AckWatch watch, JournalCopy copy, IReadOnlyList<long> killsMs)
{
    private const int SlackMs = 2_000;
    private const int StopsMax = 4;
    private const int NamedMax = 8;
    private static readonly TimeSpan StopPatience = TimeSpan.FromMinutes(4);
    private readonly List<string> violations = [];

    public async Task<Account> Close(IEnumerable<string> violationsBefore)
    {
        violations.AddRange(violationsBefore);
        await Drain();
        await Stop();
        var verdict = await Verdict();
        return verdict is null ? new() { Violations = violations } : Count(verdict);
    }

    /// <summary>Until everything sealed is anchored. Liveness: what was killed has come back, so it must.</summary>
    private async Task Drain()
    {
        watch.LookAnew();
        await Convoy.Until(() =>
        {
            copy.Look(convoy.GatewayData); // What was recorded and folded away before the orderly stop would else be seen by nobody.
            return Task.FromResult(watch.Current is { IsConnected: true, Waiting: 0, ToSign: 0, Recorded: > 0 });
        },
        () => convoy.Gateway is { HasEnded: true } gateway ? $"the gateway ended with {gateway.ExitCode}: {gateway.Said}"
            : convoy.Ledger is { HasEnded: true } ledger ? $"the ledger ended with {ledger.ExitCode}: {ledger.Said}" : null,
        "everything to be anchored", seconds: 300);
    }

    /// <summary>Ends the gateway in order until its last batch is anchored too, then the ledger.</summary>
    private async Task Stop()
    {
        for (var stops = 1; ; stops++)
        {
            await Ended(convoy.Gateway!);
            copy.Look(convoy.GatewayData);
            var fsck = await convoy.FsckGateway();
            if (fsck.Code != 0)
            {
                violations.Add($"gateway fsck after the end: {fsck}");
            }

            if (fsck.Said.Contains(" 0 batches wait for the ledger, 0 for their signature, 0 rounds are not yet sealed", StringComparison.Ordinal))
            {
                break;
            }

            if (stops == StopsMax)
            {
                violations.Add($"The last batch was not anchored in {StopsMax} orderly stops. {fsck.Said}");
                break;
            }

            convoy.StartGateway(); // Its receipt came too late for the orderly stop; the next session takes it.
            await Drain();
        }

        await Ended(convoy.Ledger!);
        var ledger = await convoy.FsckLedger();
        if (ledger.Code != 0)
        {
            violations.Add($"ledger fsck after the end: {ledger}");
        }
    }

    private async Task Ended(RealProgram program)
    {
        if (!await program.Terminate(StopPatience) || program.ExitCode != 0)
        {
            violations.Add($"The {program.Name} did not stop in order: exit {program.ExitCode}. {program.Said}");
        }
    }

    private async Task<Verdict?> Verdict()
    {
        var rounds = copy.Rounds.ToList();
        var bundle = convoy.At("abuse.coldproof.json");
        var exported = await convoy.RunGateway("export", "--from", Convoy.Instant(rounds[0].WallMs), "--to", Convoy.Instant(rounds[^1].WallMs), "--out",
            bundle);
        var verified = exported.Code == 0 ? await convoy.Verify(bundle) : exported;
        if (verified.Code != 0)
        {
            violations.Add($"The bundle of the whole time does not verify: {verified}");
            return exported.Code == 0 ? Read(bundle) : null;
        }

        return Read(bundle);
    }

    private Verdict Read(string bundle) => Verifier.Verify(File.ReadAllBytes(bundle), VerifierPolicy.Parse(File.ReadAllBytes(convoy.Policy)));

    private Account Count(Verdict verdict)
    {
        var recorded = copy.Rounds.SelectMany(round => round.Samples.Select((sample, channel) => (Key: (channel, round.WallMs), sample)))
            .ToDictionary(pair => pair.Key, pair => pair.sample);
        var acknowledged = watch.Readings;
        var shown = verdict.Channels.SelectMany(channel => channel.Readings.Select(reading =>
            (Key: ((int)channel.Channel.Value, reading.TimeMs), Value: new Acknowledged(reading.Outcome, reading.Temperature?.Value))))
            .ToDictionary(pair => pair.Key, pair => pair.Value);
        var expected = new Dictionary<(int, long), Acknowledged>(recorded);
        foreach (var (key, value) in acknowledged)
        {
            expected.TryAdd(key, value);
        }

        var truth = Truth();
        var (twice, logged) = Log();
        if (watch.Falls > 0 || copy.Rewritten > 0)
        {
            violations.Add($"The count of recorded readings fell {watch.Falls} times; {copy.Rewritten} rounds were rewritten.");
        }

        // A round may have been folded away between two looks at the journal; then what was seen from outside stands for it.
        // A deadline passed on a busy machine is an outcome of its own, which the chip alone cannot tell; it claims no temperature.
        var late = new Acknowledged(Outcome.Timeout, null);
        var invented = shown.Where(pair => recorded.TryGetValue(pair.Key, out var told)
            ? truth.GetValueOrDefault(pair.Key) != pair.Value && !(pair.Value == late && told == late)
            : !acknowledged.TryGetValue(pair.Key, out var seen) || seen != pair.Value).ToList();
        violations.AddRange(invented.Take(NamedMax).Select(pair => $"invented: channel {pair.Key.Item1} at {pair.Key.Item2}: shown {pair.Value}, "
            + $"journal {recorded.GetValueOrDefault(pair.Key)}, chip {truth.GetValueOrDefault(pair.Key)}, status {acknowledged.GetValueOrDefault(pair.Key)}"));
        return new()
        {
            Recorded = expected.Count,
            Acknowledged = acknowledged.Count,
            Lost = expected.Count(pair => !shown.TryGetValue(pair.Key, out var found) || found != pair.Value)
                + acknowledged.Count(pair => recorded.TryGetValue(pair.Key, out var found) && found != pair.Value),
            Invented = invented.Count,
            UnexplainedMinutes = Unexplained(verdict),
            DeclaredGaps = copy.Gaps.Count,
            UnfoundedGaps = copy.Gaps.Count(gap => gap.Cause == GapCause.PowerLoss
                && !killsMs.Any(kill => kill >= gap.FromMs - SlackMs && kill <= gap.ToMs + SlackMs)),
            SignedTwice = twice,
            LoggedTwice = logged,
            Batches = copy.Sealed.Count,
            Violations = violations,
        };
    }

    /// <summary>What the emulated chips showed at the moment of every round, computed anew: the truck's temperatures follow from the seed and
    /// the session's first round alone.</summary>
    private Dictionary<(int Channel, long TimeMs), Acknowledged> Truth()
    {
        var truth = new Dictionary<(int, long), Acknowledged>();
        foreach (var session in copy.Rounds.GroupBy(round => round.Boot))
        {
            using var truck = EmulatedTruck.Modelled(seed: 1);
            using var sampler = new Sampler(truck.Probes, truck.Open, TimeProvider.System, TimeSpan.FromSeconds(30));
            foreach (var round in session)
            {
                truck.MoveTo(round.WallMs);
                foreach (var reading in sampler.Sample(new(round.Boot, round.UptimeMs, round.WallMs, ClockTrust.Unset)))
                {
                    truth[(reading.Channel.Value, round.WallMs)] = new(reading.Outcome, reading.Temperature?.Value);
                }
            }
        }

        return truth;
    }

    /// <summary>Stricter than the verifier, which lets two intervals pass: every slot is a reading, or a gap event stands for it.</summary>
    private long Unexplained(Verdict verdict)
    {
        const long MinuteMs = 60_000;
        var minutes = new HashSet<long>();
        foreach (var channel in verdict.Channels)
        {
            foreach (var (before, after) in channel.Readings.Zip(channel.Readings.Skip(1)))
            {
                var hole = 3L * channel.Probe.IntervalMs / 2;
                var reached = before.TimeMs;
                var declared = copy.Gaps.Select(gap => (gap.FromMs, gap.ToMs))
                    .Concat(channel.Intervals.Where(interval => interval is { Answer: Answer.NoData, Cause: not null }).Select(interval => (interval.FromMs, interval.ToMs)));
                foreach (var gap in declared.Where(gap => gap.FromMs < after.TimeMs && gap.ToMs > before.TimeMs).OrderBy(gap => gap.FromMs))
                {
                    reached = gap.FromMs - reached <= hole ? Math.Max(reached, gap.ToMs) : reached;
                }

                if (after.TimeMs - reached > hole)
                {
                    minutes.UnionWith(Enumerable.Range(0, (int)(((after.TimeMs - reached) / MinuteMs) + 1)).Select(n => (reached / MinuteMs) + n));
                }
            }
        }

        return minutes.Count;
    }

    /// <summary>Numbers signed twice, and statements logged twice or missing, from the journal's copies and from the stopped ledger's own
    /// entries.</summary>
    private (long SignedTwice, long LoggedTwice) Log()
    {
        List<Statement> entries;
        try
        {
            entries = [.. LedgerStore.Open(convoy.LedgerDatabase).EntriesFrom(0).Select(bytes => Statement.Decode(bytes))];
        }
        finally
        {
            SqliteConnection.ClearAllPools(); // A pooled connection would hold the file, and with it the disk that it lies on.
        }

        var numbers = entries.Where(entry => entry.Kind == StatementKind.Batch).Select(entry => (BatchHeader.Decode(entry.Payload).Number, entry.PayloadDigest)).ToList();
        var digests = copy.Sealed.ToDictionary(pair => pair.Key, pair => new HashSet<Digest>(pair.Value));
        foreach (var (number, digest) in numbers)
        {
            (digests.TryGetValue(number, out var known) ? known : digests[number] = []).Add(digest);
        }

        var skipped = digests.Keys.Except(numbers.Select(pair => pair.Number)).Count();
        return (digests.Values.Count(known => known.Count > 1),
            entries.Count - entries.DistinctBy(entry => entry.PayloadDigest).Count()
            + numbers.Count - numbers.DistinctBy(pair => pair.Number).Count()
            + entries.Count(entry => entry.Kind == StatementKind.Conflict) + skipped);
    }
}
