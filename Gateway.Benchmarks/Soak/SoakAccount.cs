using System.Globalization;
using Evidence;
using Sensors;
using Sensors.Emulation;

namespace Gateway.Benchmarks;

/// <summary>What a verified bundle of the whole soak holds, beside what it must hold.</summary>
/// <remarks>
/// The truth is made again: the same emulated truck, driven to the times of the recorded rounds, boot by boot, and read by the same
/// chips' code in this process. A temperature that it does not give is invented. What the status page had promised before each kill and
/// at the end must be there; time between two rounds that no event declares is unexplained.
/// </remarks>
internal sealed class SoakAccount
{
    private readonly List<string> details = [];

    public long Readings { get; private set; }

    public long Measured { get; private set; }

    public long Late { get; private set; }

    public long Lost { get; private set; }

    public long Invented { get; private set; }

    public double UnexplainedMinutes { get; private set; }

    public double DeclaredSeconds { get; private set; }

    public int Batches { get; private set; }

    public int Boots { get; private set; }

    /// <summary>The first few things that are wrong.</summary>
    public IReadOnlyList<string> Details => details;

    /// <param name="bundle">All batches, all channels.</param>
    /// <param name="mishaps">Seed of the emulated faults.</param>
    /// <param name="promised">Readings that the status page had counted: before each kill, in order, and at the end.</param>
    public static SoakAccount Of(Bundle bundle, ulong mishaps, IReadOnlyList<long> promised)
    {
        var account = new SoakAccount();
        TruthAgain? truth = null;
        (long Ms, uint Boot)? last = null;
        var gaps = new List<EventDetail.GapSpan>();
        var rounds = 0L;
        try
        {
            foreach (var shown in bundle.Batches)
            {
                var header = BatchHeader.Decode(Statement.Decode(shown.Header.AsMemory()).Payload);
                gaps.AddRange(shown.Leaves.Select(leaf => Leaf.Decode(leaf.Bytes.AsMemory())).OfType<EventLeaf>()
                    .Where(leaf => leaf.EventKind is EventKind.Boot or EventKind.Gap)
                    .Select(leaf => EventDetail.ReadGap(leaf.Detail)).OfType<EventDetail.GapSpan>());
                var columns = shown.Columns.Select(column => DisclosedColumn.Decode(column.AsMemory())).ToArray();
                account.Batches++;
                if (columns.Length == 0)
                {
                    continue;
                }

                if (last?.Boot != header.Clock.Boot)
                {
                    truth?.Dispose();
                    truth = new(mishaps);
                    account.Promise(promised, account.Boots++, rounds);
                }

                for (var round = 0; round < columns[0].Samples.Length; round++)
                {
                    var at = columns[0].Times[round];
                    account.Follow(last?.Ms, at, gaps);
                    account.Compare(truth!.At(at), columns, round, at);
                    last = (at, header.Clock.Boot);
                    rounds++;
                }
            }

            account.Promise(promised, account.Boots, rounds);
        }
        finally
        {
            truth?.Dispose();
        }

        return account;
    }

    /// <summary>So many readings had been promised before this boot, or before the end.</summary>
    private void Promise(IReadOnlyList<long> promised, int boot, long rounds)
    {
        if (boot > 0 && boot <= promised.Count && promised[boot - 1] - (rounds * SoakPlan.Probes) is > 0 and var lost)
        {
            Lost += lost;
            Tell($"{lost} readings that were promised before boot {boot + 1} are not in the bundle.");
        }
    }

    private void Follow(long? beforeMs, long atMs, List<EventDetail.GapSpan> gaps)
    {
        if (beforeMs is not { } before || atMs - before <= 2 * SoakPlan.IntervalMs)
        {
            return;
        }

        var declared = gaps.Where(gap => gap.FromMs <= before && gap.ToMs >= atMs - SoakPlan.IntervalMs).ToArray();
        if (declared.Length > 0)
        {
            DeclaredSeconds += (atMs - before) / 1000.0;
            return;
        }

        UnexplainedMinutes += (atMs - before) / 60_000.0;
        Tell($"Nothing is recorded from {before} to {atMs}, and no event says why.");
    }

    private void Compare(Reading[]? truth, DisclosedColumn[] columns, int round, long atMs)
    {
        for (var channel = 0; channel < columns.Length; channel++)
        {
            var recorded = columns[channel].Samples[round];
            Readings++;
            Measured += recorded.Outcome == Outcome.Measured ? 1 : 0;
            if (recorded.Outcome == Outcome.Timeout)
            {
                Late++; // A round that the machine was too busy for, or a stuck clock line: no temperature is claimed.
            }
            else if (truth is null || (recorded.Outcome, recorded.Temperature) != (truth[channel].Outcome, truth[channel].Temperature))
            {
                Invented++;
                Tell(string.Create(CultureInfo.InvariantCulture, $"Channel {channel} at {atMs}: recorded {recorded.Outcome} "
                    + $"{recorded.Temperature}, the chips hold {truth?[channel].Outcome} {truth?[channel].Temperature}."));
            }
        }
    }

    private void Tell(string detail)
    {
        if (details.Count < 10)
        {
            details.Add(detail);
        }
    }

    /// <summary>The emulated truck of one boot, driven again.</summary>
    private sealed class TruthAgain : IDisposable
    {
        private readonly EmulatedTruck truck;
        private readonly Sampler sampler;

        public TruthAgain(ulong mishaps)
        {
            truck = EmulatedTruck.Modelled(seed: 1, SoakPlan.Probes, mishaps);
            sampler = new(truck.Probes.ToList(), truck.Open, TimeProvider.System, TimeSpan.FromSeconds(30));
        }

        /// <summary>What the chips give at this time; null while the clock line hangs, when only Timeout is true.</summary>
        public Reading[]? At(long wallMs)
        {
            truck.MoveTo(wallMs);
            return truck.Bus.Line == LineFault.ClockLow ? null : [.. sampler.Sample(new Moment(1, 0, wallMs, ClockTrust.Ntp, 0))];
        }

        public void Dispose()
        {
            sampler.Dispose();
            truck.Dispose();
        }
    }
}
