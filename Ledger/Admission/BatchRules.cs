using System.Collections.Immutable;
using Evidence;
using Ledger.Store;

namespace Ledger.Admission;

/// <summary>A batch whose signature and root hold; whether it is the next one is not decided yet.</summary>
internal sealed record CheckedBatch(Statement Statement, BatchHeader Header, BatchBody Body, ReadOnlyMemory<byte> BodyBytes);

/// <summary>The rules of admission for batches (evidence.md). Pure: statement and manifests in, the batch or a refusal out.</summary>
internal static class BatchRules
{
    /// <summary>Most bytes of a batch's statement. A header's payload has at most 256; two such statements must fit one conflict
    /// entry.</summary>
    public const int StatementLengthMax = 1_536;

    /// <summary>Decides all that the batch and its manifest decide alone. Costs a signature and the tree, so it runs outside any
    /// lock.</summary>
    /// <exception cref="RefusedException">A rule is broken.</exception>
    public static CheckedBatch Check(GatewayId from, Statement statement, ImmutableArray<byte>? body,
        ImmutableArray<KnownManifest> manifests)
    {
        if (statement.Bytes.Length > StatementLengthMax)
        {
            throw new RefusedException(Refusal.Malformed,
                $"The statement has {statement.Bytes.Length} bytes; a batch's has at most {StatementLengthMax}.");
        }

        var header = Decoded(() => BatchHeader.Decode(statement.Payload));
        if (header.Gateway != from || statement.Issuer != Statement.IssuerOf(from))
        {
            throw new RefusedException(Refusal.NotEnrolled,
                $"The header is of gateway {header.Gateway}, issued by {Cut(statement.Issuer)}; this is the link of {from}.");
        }

        var manifest = ManifestOf(header, manifests);
        if (!manifest.Key.Id.SequenceEqual(statement.KeyId))
        {
            throw new RefusedException(Refusal.NotEnrolled,
                $"Batch {header.Number} names key {Convert.ToHexStringLower(statement.KeyId.AsSpan())}; its manifest enrols " +
                $"{manifest.Key.IdHex}.");
        }

        if (!statement.VerifiedBy(manifest.Key))
        {
            throw new RefusedException(Refusal.BadSignature,
                $"The signature of batch {header.Number} does not verify with key {manifest.Key.IdHex}.");
        }

        if (body is not { } bytes)
        {
            throw new RefusedException(Refusal.Malformed, $"Batch {header.Number} came without its body.");
        }

        var decoded = Decoded(() => BatchBody.Decode(bytes.AsMemory()));
        CheckRoot(header, decoded, manifest);
        return new(statement, header, decoded, bytes.AsMemory());
    }

    /// <summary>Decides whether the batch is the one that must come next.</summary>
    /// <exception cref="RefusedException">It is not.</exception>
    public static void CheckNext(CheckedBatch batch, GatewayTip tip)
    {
        var header = batch.Header;
        if (tip.Manifests.All(known => known.PayloadDigest != header.Manifest))
        {
            // Judged while its manifest stood in a round, and that round failed on a full disk.
            throw new RefusedException(Refusal.Unavailable, $"The manifest of batch {header.Number} could not be logged; send both again.");
        }

        var expected = tip.NextNumber ?? tip.Manifests[0].Manifest.FirstNumber;
        if (header.Number != expected)
        {
            throw new RefusedException(Refusal.NumberNotNext, $"Batch {header.Number} is not the next one: {expected} is.");
        }

        if (header.Previous != tip.LastDigest)
        {
            throw new RefusedException(Refusal.PreviousMismatch,
                $"Batch {header.Number} names previous header {header.Previous.ToShortString()}; " +
                $"the last logged one is {tip.LastDigest.ToShortString()}.");
        }

        var inForce = tip.Manifests.Last(known => known.Manifest.FirstNumber <= header.Number);
        if (header.Manifest != inForce.PayloadDigest)
        {
            throw new RefusedException(Refusal.ManifestMismatch,
                $"Batch {header.Number} names manifest {header.Manifest.ToShortString()}; " +
                $"in force is {inForce.PayloadDigest.ToShortString()}.");
        }

        for (var i = 0; i < batch.Body.Channels.Length; i++)
        {
            var next = i < tip.NextSequences.Length ? tip.NextSequences[i] : 0;
            if (batch.Body.Channels[i].FirstSequence != next)
            {
                throw new RefusedException(Refusal.RootMismatch,
                    $"Channel {i} of batch {header.Number} begins at reading {batch.Body.Channels[i].FirstSequence}; {next} comes next.");
            }
        }
    }

    /// <summary>The sequence numbers that must come after this batch. A channel that the manifest no longer has keeps its own.</summary>
    public static ImmutableArray<long> NextSequences(CheckedBatch batch, ImmutableArray<long> before) =>
        [.. batch.Body.Channels.Select(channel => channel.FirstSequence + channel.Samples.Length),
            .. before.Skip(batch.Body.Channels.Length)];

    /// <exception cref="RefusedException">With Malformed and the reason.</exception>
    public static T Decoded<T>(Func<T> decode)
    {
        try
        {
            return decode();
        }
        catch (MalformedEvidenceException fault)
        {
            throw new RefusedException(Refusal.Malformed, fault.Message);
        }
    }

    private static Manifest ManifestOf(BatchHeader header, ImmutableArray<KnownManifest> manifests) =>
        manifests.IsEmpty
            ? throw new RefusedException(Refusal.NotEnrolled, $"No manifest of gateway {header.Gateway} is logged; send it first.")
            : manifests.FirstOrDefault(known => known.PayloadDigest == header.Manifest)?.Manifest
                ?? throw new RefusedException(Refusal.ManifestMismatch,
                    $"Batch {header.Number} names manifest {header.Manifest.ToShortString()}, which is not logged for this gateway.");

    private static void CheckRoot(BatchHeader header, BatchBody body, Manifest manifest)
    {
        if (body.Channels.Length != header.ChannelCount || body.LeafCount != header.LeafCount)
        {
            throw new RefusedException(Refusal.RootMismatch,
                $"The body of batch {header.Number} has {body.Channels.Length} channels and {body.LeafCount} leaves; " +
                $"the header signs {header.ChannelCount} and {header.LeafCount}.");
        }

        var root = Decoded(() => BatchTree.Root(BatchLeaves.Hashes(BatchLeaves.Build(body, header.OpenedMs, manifest.Channels)).AsSpan()));
        if (root != header.Root)
        {
            throw new RefusedException(Refusal.RootMismatch,
                $"The body of batch {header.Number} gives root {root.ToShortString()}; the header signs {header.Root.ToShortString()}.");
        }
    }

    private static string Cut(string text) => text.Length <= 60 ? text : text[..60] + "…";
}
