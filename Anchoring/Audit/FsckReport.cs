using System.Collections.Immutable;
using Evidence;

namespace Anchoring;

/// <summary>One thing that is wrong.</summary>
/// <param name="Place">Where: a batch, a file, a place in the journal.</param>
/// <param name="Fault">What is wrong, with the numbers.</param>
/// <param name="Advice">What to do.</param>
public sealed record FsckFinding(string Place, string Fault, string Advice);

/// <summary>What a whole look over a data directory gave.</summary>
/// <param name="Findings">What is wrong, in the order of reading; empty when all is well.</param>
/// <param name="Segments">Journal segments read.</param>
/// <param name="Frames">Good frames in them.</param>
/// <param name="Batches">Sealed batches whose root, chain and signature were rebuilt.</param>
/// <param name="Rounds">Rounds in them.</param>
/// <param name="Stored">How many of the batches are in the batch store.</param>
/// <param name="Receipts">Receipts that were verified; 0 without a policy.</param>
/// <param name="OpenRounds">Rounds that are recorded and not yet sealed.</param>
/// <param name="TornLength">Bytes of a frame that a power cut interrupted at the journal's end: no fault, the next start cuts it.</param>
public sealed record FsckReport(ImmutableArray<FsckFinding> Findings, int Segments, long Frames, long Batches, long Rounds, long Stored,
    long Receipts, int OpenRounds, int TornLength)
{
    /// <summary>Sealed batches that wait for their receipts.</summary>
    public int Unanchored { get; init; }

    /// <summary>Batches that are closed and wait for their signature, which comes with the ledger's word or with patience (F-41).</summary>
    public int ToSign { get; init; }

    /// <summary>The manifest in force; null when none is recorded.</summary>
    public Manifest? Manifest { get; init; }

    /// <summary>What is known and needs nobody, a sentence each: removed by retention, declared as lost, kept aside.</summary>
    public ImmutableArray<string> Notes { get; init; } = [];
}
