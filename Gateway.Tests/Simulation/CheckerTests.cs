using System.Collections.Immutable;
using System.Security.Cryptography;
using Evidence;
using Evidence.Log;

namespace Gateway.Tests.Simulation;

/// <summary>Goal: a year without violations means something. Method: each rule of the checker is broken by hand, and must say so.</summary>
public sealed class CheckerTests : IDisposable
{
    private const long Interval = 900_000, Start = 1_767_225_600_000;
    private readonly ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly List<ReadOnlyMemory<byte>> log = [];
    private readonly RecordChecker checker;
    private Checkpoint? head;
    private Digest previous;
    private long number, sequence;

    public CheckerTests() => checker = new(Interval, () => head, from => log.Skip((int)from).ToList());

    public void Dispose() => key.Dispose();

    [Fact]
    public void A_sound_record_passes()
    {
        Try(0, 1, 2, 3);
        Send(Batch([0, 1]));
        Send(Batch([2, 3]));
        checker.Finish();
        Assert.Empty(checker.Violations);
        Assert.Equal((2, 4), (checker.Tally.Batches, checker.Tally.Rounds));
    }

    [Fact]
    public void A_recorded_round_that_is_in_no_batch_is_lost()
    {
        Try(0, 1, 2);
        Send(Batch([0, 2]));
        Assert.Equal(1, checker.Tally.Lost);
        Assert.NotEmpty(checker.Violations);
    }

    [Fact]
    public void A_recorded_round_after_the_last_batch_is_lost()
    {
        Try(0, 1);
        Send(Batch([0]));
        Assert.Empty(checker.Violations);
        checker.Finish();
        Assert.Equal(1, checker.Tally.Lost);
    }

    [Fact]
    public void A_round_that_was_never_taken_is_invented()
    {
        Try(0);
        Send(Batch([0, 1]));
        Assert.Equal(1, checker.Tally.Invented);
    }

    [Fact]
    public void A_temperature_that_was_never_true_is_invented()
    {
        Try(0);
        Send(Batch([0], milliCelsius: 4_100));
        Assert.Equal(1, checker.Tally.Invented);
    }

    [Fact]
    public void A_sound_probe_without_a_temperature_is_a_lost_reading()
    {
        Try(0);
        Send(Batch([0], milliCelsius: null));
        Assert.Equal(1, checker.Tally.Lost);
    }

    [Fact]
    public void Minutes_that_nothing_explains_are_counted_and_a_declared_gap_explains_them()
    {
        Try(0, 5, 10);
        Send(Batch([0, 5]));
        Assert.Equal(60, checker.Tally.UnexplainedMinutes);
        Send(Batch([10], events: [Late(10)]));
        Assert.Equal(60, checker.Tally.UnexplainedMinutes);
    }

    [Fact]
    public void A_second_header_under_one_number_is_found()
    {
        Try(0);
        var number0 = Batch([0]);
        Send(number0);
        (number, previous, sequence) = (0, default, 0);
        Send(number0);
        Assert.Empty(checker.Violations);
        (number, previous, sequence) = (0, default, 0);
        Send(Batch([0], milliCelsius: 4_001));
        Assert.Contains("two signed headers", Assert.Single(checker.Violations), StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_number_another_previous_hash_and_a_hole_in_the_sequence_are_found()
    {
        Try(0, 1);
        Send(Batch([0]));
        (number, previous, sequence) = (5, default, 7);
        Send(Batch([1]));
        Assert.Equal(3, checker.Violations.Count);
    }

    [Fact]
    public void A_checkpoint_that_is_not_consistent_with_the_last_is_found()
    {
        log.Add(new byte[] { 1 });
        head = new("log", 1, LogTree.Root([LogTree.LeafHash([1])]));
        checker.Logged();
        Assert.Empty(checker.Violations);
        log.Add(new byte[] { 2 });
        head = new("log", 2, LogTree.Root([LogTree.LeafHash([9]), LogTree.LeafHash([2])]));
        checker.Logged();
        Assert.Single(checker.Violations);
    }

    private static BatchEvent Late(int slot) =>
        new(null, EventKind.Gap, Start, EventDetail.Gap(Start, Start + (slot * Interval), GapCause.Late));

    private void Try(params int[] slots)
    {
        foreach (var slot in slots)
        {
            checker.Try(new(Start + (slot * Interval), 1, Start + (slot * Interval), [new(4_000, 8, true)]) { IsPromised = true });
        }
    }

    private (Statement Statement, BatchBody Body) Batch(int[] slots, int? milliCelsius = 4_000, params ImmutableArray<BatchEvent> events)
    {
        var rounds = slots.Select(slot => Start + (slot * Interval)).ToImmutableArray();
        var sample = milliCelsius is { } value ? new BatchSample(Outcome.Measured, new(value), 512)
            : new BatchSample(Outcome.NoAcknowledge, null, 0);
        var body = new BatchBody([.. new byte[32]], rounds, [new(sequence, [.. slots.Select(_ => sample)])], events);
        var header = new BatchHeader(new(new Guid("5f3a91c0-0bc0-4012-8a55-0123456789ab")), number, previous, default, rounds[0],
            rounds[^1], new(ClockTrust.Ntp, 0, 1, rounds[0] - Start), default, body.LeafCount, 1, Digest.Of(body.Encode()));
        return (Statement.Sign(StatementKind.Batch, Statement.IssuerOf(header.Gateway), header.Encode(), key), body);
    }

    private void Send((Statement Statement, BatchBody Body) batch)
    {
        checker.Seen(batch.Statement.PayloadDigest, new Uplink(batch.Statement.Bytes, [.. batch.Body.Encode()]).Encode());
        (number, previous, sequence) = (number + 1, batch.Statement.PayloadDigest, sequence + batch.Body.Rounds.Length);
    }
}
