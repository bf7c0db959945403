using System.Collections.Immutable;
using Evidence;
using Ledger.Store;

namespace Ledger.Admission;

/// <summary>The rules of admission for what an authority signs: manifests and revocations.</summary>
internal static class AuthorityRules
{
    /// <exception cref="RefusedException">No authority that the ledger knows signed it.</exception>
    public static void CheckSigned(Statement statement, ImmutableArray<PublicKey> authorities)
    {
        var key = authorities.FirstOrDefault(authority => authority.Id.SequenceEqual(statement.KeyId))
            ?? throw new RefusedException(Refusal.UnknownAuthority,
                $"The {statement.Kind} is signed by key {Convert.ToHexStringLower(statement.KeyId.AsSpan())}, which is no authority of " +
                $"this ledger's policy.");
        if (!statement.VerifiedBy(key))
        {
            throw new RefusedException(Refusal.BadSignature, $"The authority's signature on the {statement.Kind} does not verify.");
        }
    }

    /// <summary>Decides whether a new manifest follows those that are logged.</summary>
    /// <exception cref="RefusedException">It does not.</exception>
    public static void CheckNext(Manifest manifest, GatewayTip tip)
    {
        var last = tip.Manifests.IsEmpty ? default : tip.Manifests[^1].PayloadDigest;
        if (manifest.Previous != last)
        {
            throw new RefusedException(Refusal.PreviousMismatch,
                $"The manifest names previous manifest {manifest.Previous.ToShortString()}; " +
                $"the last logged one is {last.ToShortString()}.");
        }

        // A manifest can't reach back over batches that were admitted under the one before, nor behind where that one begins.
        var first = tip.NextNumber ?? (tip.Manifests.IsEmpty ? 0 : tip.Manifests[^1].Manifest.FirstNumber);
        if (manifest.FirstNumber < first)
        {
            throw new RefusedException(Refusal.NumberNotNext,
                $"The manifest holds from batch {manifest.FirstNumber} on; {first} is the first that it may.");
        }
    }
}
