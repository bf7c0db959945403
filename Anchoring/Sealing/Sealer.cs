using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Evidence;

namespace Anchoring;

/// <summary>Closes the open batch: builds its tree, signs its header once, and makes the seal durable before anybody sees it.</summary>
/// <param name="journal">Where the seal becomes durable.</param>
/// <param name="chain">What is open, and what came before.</param>
/// <param name="key">Who signs.</param>
public sealed class Sealer(Journal journal, Chain chain, GatewayKey key)
{
    /// <summary>Seals the open batch, empty or not: an empty one is a heartbeat.</summary>
    /// <param name="now">The moment of sealing. For what an earlier boot left open it only bounds nothing: that batch closes when its last
    /// record was taken, the last time anything is known about it.</param>
    /// <returns>The batch, which from here on has exactly one signed header.</returns>
    /// <exception cref="EvidenceBrokenException">There is no manifest, or the new header does not verify.</exception>
    /// <exception cref="NotRecordedException">The seal did not become durable; nothing was signed that anybody has seen.</exception>
    public SealedBatch Seal(Moment now)
    {
        var open = chain.Open;
        var enrolled = chain.ManifestFor(open.Number) ?? throw new EvidenceBrokenException($"No manifest is in force for batch "
            + $"{open.Number}.");
        var manifest = enrolled.Manifest;
        var opened = open.First ?? now;
        // A batch of an earlier boot was not sealed at any moment of that boot's clock; the last record is the latest that boot can vouch
        // for.
        var closedMs = Math.Max(opened.WallMs, opened.Boot == now.Boot ? now.WallMs : open.Last?.WallMs ?? now.WallMs);
        var body = open.Body(ImmutableArray.Create(RandomNumberGenerator.GetBytes(SaltKeys.Length)),
            chain.Sequences[..manifest.Channels.Length]);
        var beacon = chain.BeaconNote.Length == 0 ? default : Digest.Of(Encoding.UTF8.GetBytes(chain.BeaconNote));
        var header = new BatchHeader(key.Gateway, open.Number, chain.Previous, enrolled.Statement.PayloadDigest, opened.WallMs, closedMs,
            new(opened.Trust, opened.ErrorMs, opened.Boot, opened.UptimeMs), beacon, body.LeafCount, manifest.Channels.Length,
            RootOf(body, opened.WallMs, manifest));
        var statement = key.Sign(StatementKind.Batch, header.Encode());
        if (!statement.VerifiedBy(manifest.Key))
        {
            throw new EvidenceBrokenException($"Batch {open.Number}: this gateway's key is {key.Public}, the manifest in force names "
                + $"{manifest.Key}. "
                + "The key was exchanged; restore it, or enrol anew.");
        }

        var seal = new SealRecord(statement, body.Key, beacon == chain.SealedBeacon ? "" : chain.BeaconNote, NextSequences(body));
        var place = journal.Append(FrameKind.Seal, RecordCodec.Encode(seal));
        // From here a power cut loses nothing: the stored seal is the only one of its number, and start-up finds it and offers it again.
        chain.Apply(seal, place);
        return chain.Sealed[header.Number];
    }

    /// <summary>The root over a body's leaves, as the ledger and every verifier compute it.</summary>
    public static Digest RootOf(BatchBody body, long openedMs, Manifest manifest) =>
        BatchTree.Root(BatchLeaves.Hashes(BatchLeaves.Build(body, openedMs, manifest.Channels)).AsSpan());

    private ImmutableArray<long> NextSequences(BatchBody body) =>
        [.. chain.Sequences.Select((sequence, i) => i < body.Channels.Length ? sequence + body.Rounds.Length : sequence)];
}
