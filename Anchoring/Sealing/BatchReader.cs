using Evidence;

namespace Anchoring;

/// <summary>Rebuilds sealed batches from the journal's records, and checks each against the root that was signed.</summary>
/// <param name="folder">The journal's folder.</param>
/// <param name="chain">Where each batch's records stand.</param>
internal sealed class BatchReader(IFolder folder, Chain chain)
{
    /// <summary>Reads a batch again from disk.</summary>
    /// <returns>Null when the journal has its records no more, or they were harmed after they were sealed.</returns>
    /// <exception cref="EvidenceBrokenException">Its records do not give the signed root.</exception>
    public StoredBatch? Read(SealedBatch batch)
    {
        if (batch.IsFolded)
        {
            return null;
        }

        // A batch whose first records were gone when this session began is in the batch store, or it was sealed over what a lost segment left of it: the
        // root tells.
        var isIncomplete = batch.IsDamaged || batch.IsPartial;
        var open = Records(batch.Number, batch.Start, batch.End, isIncomplete);
        var seal = JournalReader.Read(folder, batch.Seal, batch.Seal).Select(RecordCodec.DecodeSeal).FirstOrDefault();
        if (seal is null)
        {
            throw new EvidenceBrokenException($"Batch {batch.Number} has no seal any more; run `gateway fsck`.");
        }

        var header = BatchHeader.Decode(seal.Statement.Payload);
        var manifest = chain.Manifests.FirstOrDefault(known => known.Statement.PayloadDigest == header.Manifest)?.Manifest
            ?? throw new EvidenceBrokenException($"Batch {batch.Number} has no manifest any more; run `gateway fsck`.");

        if (batch.Sequences.Length < manifest.Channels.Length)
        {
            return null; // The manifest itself was harmed, and taken again later.
        }

        var body = open.Body(seal.Key, batch.Sequences[..manifest.Channels.Length]);
        var root = Sealer.RootOf(body, header.OpenedMs, manifest);
        if (root != header.Root)
        {
            if (isIncomplete)
            {
                return null; // Harmed after it was sealed. If the harm came first, the seal is over what was left, and the roots agree.
            }

            throw new EvidenceBrokenException($"Batch {batch.Number} was sealed with root {header.Root.ToShortString()}; its records give "
                + $"{root.ToShortString()}. Run `gateway fsck`.");
        }

        var receipt = batch.Receipt is { } place ? RecordCodec.DecodeReceipt(JournalReader.Read(folder, place, place).First()).Text : null;
        return new(seal.Statement, body.Encode(), receipt, seal.BeaconNote, seal.NextSequences);
    }

    /// <summary>The records of a batch that is closed and not signed.</summary>
    public OpenBatch Records(ClosedBatch batch) => Records(batch.Number, batch.Start, batch.End, batch.IsDamaged || batch.IsPartial);

    private OpenBatch Records(long number, FramePlace start, FramePlace end, bool isDamaged)
    {
        var open = new OpenBatch(number);
        foreach (var frame in isDamaged ? JournalReader.ReadGood(folder, start, end) : JournalReader.Read(folder, start, end))
        {
            if (frame.Kind == FrameKind.Round)
            {
                open.Add(RecordCodec.DecodeRound(frame), frame.Place);
            }
            else if (frame.Kind == FrameKind.Event)
            {
                open.Add(RecordCodec.DecodeEvent(frame), frame.Place);
            }

            // Openings, boots, receipts, manifests and others' seals stand between the records of a batch and are no part of it.
        }

        return open;
    }
}
