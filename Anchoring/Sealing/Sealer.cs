using System.Collections.Immutable;
using System.Security.Cryptography;
using Evidence;

namespace Anchoring;

/// <summary>Closes the open batch: builds its tree, signs its header once, and makes the seal durable before anybody sees it.</summary>
/// <param name="journal">Where the seal becomes durable.</param>
/// <param name="chain">What is open, and what came before.</param>
public sealed class Sealer(Journal journal, Chain chain)
{
    /// <summary>Seals the open batch, empty or not: an empty one is a heartbeat.</summary>
    /// <param name="now">The moment of sealing. For what an earlier boot left open it only bounds nothing: that batch closes when its last
    /// record was taken, the last time anything is known about it.</param>
    /// <param name="key">Who signs.</param>
    /// <returns>The batch, which from here on has exactly one signed header.</returns>
    /// <exception cref="EvidenceBrokenException">There is no manifest, or the new header does not verify.</exception>
    /// <exception cref="NotRecordedException">The seal did not become durable; nothing was signed that anybody has seen.</exception>
    public SealedBatch Seal(Moment now, GatewayKey key)
    {
        var open = chain.Open;
        var opened = open.First ?? now;
        // A batch of an earlier boot was not sealed at any moment of that boot's clock; the last record is the latest that boot can vouch
        // for.
        var closedMs = Math.Max(opened.WallMs, opened.Boot == now.Boot ? now.WallMs : open.Last?.WallMs ?? now.WallMs);
        return Sign(open, opened, closedMs, chain.Sequences, chain.BeaconDigest, key);
    }

    /// <summary>Ends the open batch without a signature; <see cref="Sign(ClosedBatch, OpenBatch, GatewayKey)"/> gives it one later.</summary>
    /// <exception cref="NotRecordedException">The end did not become durable.</exception>
    public void Close(Moment now)
    {
        var record = new CloseRecord(chain.Open.Number, now);
        chain.Apply(record, journal.Append(FrameKind.Close, RecordCodec.Encode(record)));
    }

    /// <summary>Signs the oldest closed batch.</summary>
    /// <param name="closed">It.</param>
    /// <param name="records">Its records, read again.</param>
    /// <param name="key">Who signs.</param>
    public SealedBatch Sign(ClosedBatch closed, OpenBatch records, GatewayKey key) => Sign(records, closed.Opened, closed.ClosedMs, closed.Sequences,
        closed.Beacon, key);

    private SealedBatch Sign(OpenBatch records, Moment opened, long closedMs, ImmutableArray<long> sequences, Digest beacon,
        GatewayKey key)
    {
        var number = records.Number;
        var enrolled = chain.ManifestFor(number) ?? throw new EvidenceBrokenException($"No manifest is in force for batch {number}.");
        var manifest = enrolled.Manifest;
        var body = records.Body(ImmutableArray.Create(RandomNumberGenerator.GetBytes(SaltKeys.Length)), sequences[..manifest.Channels.Length]);
        var header = new BatchHeader(key.Gateway, number, chain.Previous, enrolled.Statement.PayloadDigest, opened.WallMs, closedMs,
            new(opened.Trust, opened.ErrorMs, checked(opened.Boot + chain.BootShift), opened.UptimeMs), beacon, body.LeafCount,
            manifest.Channels.Length, RootOf(body, opened.WallMs, manifest));
        var statement = key.Sign(StatementKind.Batch, header.Encode());
        if (!statement.VerifiedBy(manifest.Key))
        {
            throw new EvidenceBrokenException($"Batch {number}: this gateway's key is {key.Public}, the manifest in force names "
                + $"{manifest.Key}. "
                + "The key was exchanged; restore it, or enrol anew.");
        }

        var note = beacon == chain.SealedBeacon || beacon.IsZero ? "" : chain.Notes.GetValueOrDefault(beacon, chain.BeaconNote);
        var seal = new SealRecord(statement, body.Key, note, NextSequences(sequences, body));
        var place = journal.Append(FrameKind.Seal, RecordCodec.Encode(seal));
        // From here a power cut loses nothing: the stored seal is the only one of its number, and start-up finds it and offers it again.
        chain.Apply(seal, place);
        return chain.Sealed[header.Number];
    }

    /// <summary>The root over a body's leaves, as the ledger and every verifier compute it.</summary>
    public static Digest RootOf(BatchBody body, long openedMs, Manifest manifest) =>
        BatchTree.Root(BatchLeaves.Hashes(BatchLeaves.Build(body, openedMs, manifest.Channels)).AsSpan());

    private static ImmutableArray<long> NextSequences(ImmutableArray<long> before, BatchBody body) =>
        [.. before.Select((sequence, i) => i < body.Channels.Length ? sequence + body.Rounds.Length : sequence)];
}
