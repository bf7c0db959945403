using System.Security.Cryptography;
using System.Text;
using Evidence;
using Evidence.Log;

namespace Gateway.Tests.Evidence;

/// <summary>Keys that any test may know: each is made from the hash of its own name.</summary>
internal static class LogKeys
{
    internal const string Origin = "log.example/coldproof";

    /// <summary>2026-11-23T12:00:00Z.</summary>
    internal const long Noon = 1_795_435_200;

    internal static NoteSigner Log { get; } = Of(Origin, SignatureType.Ed25519);

    internal static NoteSigner Clock { get; } = Of(Origin + "/clock", SignatureType.Cosignature);

    internal static NoteSigner Witness(int number) => Of($"witness{number}.example/w", SignatureType.Cosignature);

    internal static NoteSigner Of(string name, SignatureType type) =>
        NoteSigner.FromSeed(name, type, SHA256.HashData(Encoding.UTF8.GetBytes($"test key {name}")));

    /// <summary>A checkpoint of this log, signed by its key.</summary>
    internal static SignedNote CheckpointOf(MemoryLog log) =>
        Log.Sign(SignedNote.Draft(new Checkpoint(Origin, log.Edge.Size, log.Edge.Root).ToText()));

    /// <summary>One log, four witnesses, three of them needed, and the log's own clock known.</summary>
    internal static string ThreeOfFour { get; } = $"""
        # Coldproof test policy
        log {Log.Verifier} https://log.example/coldproof

        witness w1 {Witness(1).Verifier}
        witness w2 {Witness(2).Verifier}
        witness w3 {Witness(3).Verifier} https://witness3.example/
        witness w4 {Witness(4).Verifier}
        witness clock {Clock.Verifier}
        group others 3 w1 w2 w3 w4
        quorum others

        """;
}
