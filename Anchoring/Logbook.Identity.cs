using Evidence;

namespace Anchoring;

/// <summary>Whose record this is, and whether its key is at hand. Without it everything is recorded and closed, and nothing is signed until it
/// is back (docs/decisions/0155).</summary>
public sealed partial class Logbook
{
    private GatewayKey? key;
    private string keyTrouble = "";

    /// <summary>The newest manifest that the journal knows, in force or not yet; null before enrolment.</summary>
    public Manifest? NewestManifest => chain.Manifests is [.., var last] ? last.Manifest : null;

    /// <summary>Whose record this is: the key's owner or, without a key, the one that the newest manifest names; null when neither is there.</summary>
    public (GatewayId Gateway, PublicKey Key)? Owner => key is { } own ? (own.Gateway, own.Public)
        : NewestManifest is { } manifest ? (manifest.Gateway, manifest.Key) : null;

    /// <summary>Signs with this key from now on, or with none.</summary>
    /// <param name="given">The key; null while it cannot be used.</param>
    /// <param name="trouble">What is wrong and the next step, for the status; empty when nothing is.</param>
    /// <exception cref="ArgumentException">The key is of another gateway than the record.</exception>
    public void UseKey(GatewayKey? given, string trouble)
    {
        lock (gate)
        {
            if (given is not null && NewestManifest is { } manifest && !IsOf(manifest, given.Gateway, given.Public))
            {
                throw new ArgumentException($"The key {given.Public.IdHex} of {given.Gateway} is not the one of this record, {manifest.Gateway} with "
                    + $"{manifest.Key.IdHex}.", nameof(given));
            }

            (key, keyTrouble) = (given, trouble);
            Status = TakeStatus();
        }
    }

    private void RefuseForeignKey()
    {
        if (key is { } given && NewestManifest is { } known && !IsOf(known, given.Gateway, given.Public))
        {
            (key, keyTrouble) = (null, $"Nothing is signed: the key at hand is {given.Public.IdHex} of {given.Gateway}; this record is of "
                + $"{known.Gateway} with the key {known.Key.IdHex}. Recording goes on.");
        }
    }

    private bool IsOurs(Manifest manifest) => Owner is { } owner && IsOf(manifest, owner.Gateway, owner.Key);

    private static bool IsOf(Manifest manifest, GatewayId gateway, PublicKey key) => manifest.Gateway == gateway && manifest.Key.Equals(key);
}
