using System.Collections.Immutable;

namespace Evidence.Log;

/// <summary>What joins the head of a receipt with that of the receipt that the same gateway got before: the extra data of a tlog-proof. Nobody signs
/// it; it is checked against both heads.</summary>
/// <param name="From">Size of the head before; 0 when there is none. It is the receipt's own size when both stand under one head.</param>
/// <param name="Growth">The entries from there to this one, as in <see cref="LogRange"/>; empty where there is no head before, or the same.</param>
/// <param name="Tail">The entries behind this one, up to the head.</param>
/// <param name="Climb">The entries from the head on, as far as they fill complete subtrees that no later head changes. Empty on the wire: the gateway
/// gathers it for its manifests, whose heads stay in its bundles for ever.</param>
/// <remarks>
/// <code>link = [1, from: uint, growth: bstr, tail: bstr, climb: bstr]          ; hashes of 32 bytes, one behind the other</code>
/// </remarks>
public sealed record HeadLink(long From, ImmutableArray<Digest> Growth, ImmutableArray<Digest> Tail, ImmutableArray<Digest> Climb)
{
    /// <summary>Most hashes that a ledger sends: 2^16 entries between two receipts need no more. Beyond it a receipt goes without.</summary>
    public const int SentMax = 64;

    private const int RangeMax = 2 * LogTree.PathMax;

    /// <summary>The link of an entry under a log's newest head.</summary>
    /// <param name="prover">Of the receipt's size.</param>
    /// <param name="from">As in <see cref="From"/>.</param>
    /// <param name="index">The entry's place.</param>
    /// <exception cref="MalformedEvidenceException">A tile is shorter than the size implies.</exception>
    public static HeadLink Of(LogProver prover, long from, long index) => new(from, from == 0 || from > index ? [] : prover.Range(from, index).Hashes,
        prover.Range(index + 1, prover.Size).Hashes, []);

    /// <summary>The link that a receipt carries; null when it carries none, or one of another version.</summary>
    /// <exception cref="MalformedEvidenceException">What it carries is not in its form.</exception>
    public static HeadLink? In(TlogProof proof) => proof.Extra is { Length: > 1 } extra && extra[0] == 0x85 && extra[1] == 0x01 ? Decode(extra.AsMemory()) : null;

    public byte[] Encode()
    {
        var writer = CborStrict.Writer();
        writer.WriteStartArray(5);
        writer.WriteInt32(1);
        writer.WriteInt64(From);
        foreach (var hashes in new[] { Growth, Tail, Climb })
        {
            writer.WriteByteString([.. hashes.SelectMany(hash => hash.ToBytes())]);
        }

        writer.WriteEndArray();
        return writer.Encode();
    }

    /// <exception cref="MalformedEvidenceException">Not such bytes.</exception>
    public static HeadLink Decode(ReadOnlyMemory<byte> bytes) => CborStrict.Read("link between heads", bytes, TlogProof.ExtraMax, reader =>
    {
        reader.Array(5, "link between heads");
        reader.Integer(1, 1, "version of the link");
        var link = new HeadLink(reader.Integer(0, Leaf.NumberMax, "smaller size"), Hashes("growth"), Hashes("tail"), Hashes("climb"));
        reader.ReadEndArray();
        return link;

        ImmutableArray<Digest> Hashes(string what) => reader.Bytes(0, RangeMax * Digest.Length, what) is var some && some.Length % Digest.Length == 0
            ? [.. some.Chunk(Digest.Length).Select(hash => Digest.FromBytes(hash))]
            : throw new MalformedEvidenceException($"The link's {what} is not whole hashes.");
    });

    /// <summary>Checks the link against the receipt that carries it and, where it is known, the log under the head before.</summary>
    /// <param name="proof">The receipt; its path holds for the entry.</param>
    /// <param name="leafHash">The entry's.</param>
    /// <param name="before">All entries under the head of size <see cref="From"/>, as checked when that was taken; null when it is not known here.</param>
    /// <returns>All entries under the receipt's head; and the subtrees that are known to stand in it, those of the growth only when
    /// <paramref name="before"/> is given.</returns>
    /// <exception cref="MalformedEvidenceException">It does not hold.</exception>
    public (LogRange Edge, LogNodes Nodes) Check(TlogProof proof, Digest leafHash, LogRange? before)
    {
        var (index, size) = (proof.Index, proof.Checkpoint.Size);
        var nodes = new LogNodes();
        var earlier = LogRange.Before(proof);
        nodes.Add(earlier);
        nodes.Add(new LogRange(index, index + 1, [leafHash]));
        nodes.Add(LogRange.Of(index + 1, size, Tail));
        var edge = nodes.FindRange(0, size)!;
        if (edge.Root() != proof.Checkpoint.Root)
        {
            throw new MalformedEvidenceException($"The entries behind entry {index} that come with its receipt do not give the root of {size} entries.");
        }

        if (From > index && From != size)
        {
            throw new MalformedEvidenceException($"The receipt of entry {index} of {size} is joined with a head of {From} entries, which cannot come before.");
        }

        if (From is 0 || From > index || before is null)
        {
            return From == 0 || From > index || Growth.Length == LogRange.Parts(From, index).Count() ? (edge, nodes)
                : throw new MalformedEvidenceException($"{Growth.Length} hashes cannot join the heads of {From} and {size} entries.");
        }

        var joined = new LogNodes();
        joined.Add(before);
        joined.Add(LogRange.Of(From, index, Growth));
        if (joined.FindRange(0, index) is not { } led || !led.Hashes.SequenceEqual(earlier.Hashes))
        {
            throw new MalformedEvidenceException($"The log of {size} entries does not begin with the {From} that were verified before, by the proof that "
                + "came with the receipt.");
        }

        nodes.Add(before);
        nodes.Add(new LogRange(From, index, Growth));
        return (edge, nodes);
    }
}
