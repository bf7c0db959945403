using Evidence;

namespace Anchoring;

/// <summary>Looks whether the key and the identity beside the stores are the ones that signed them. Changes nothing.</summary>
public static class KeyAudit
{
    private const string Restore = "Restore it from your copy. Without one this gateway can sign no more: enrol the device as a new gateway "
        + "with an empty data directory, and keep this one; what it has sealed stays provable.";

    /// <summary>What is wrong with key and identity; null when nothing is.</summary>
    /// <param name="directory">The data directory.</param>
    /// <param name="manifest">The manifest in force; null when none was ever recorded.</param>
    public static FsckFinding? Check(string directory, Manifest? manifest)
    {
        if (!GatewayKey.Exists(directory))
        {
            return new(GatewayKey.KeyName, "the key is missing", Restore);
        }

        if (!File.Exists(Path.Combine(directory, GatewayKey.IdentityName)))
        {
            return new(GatewayKey.IdentityName, "the identity is missing", "Write the gateway's UUID into it, as the enrolment names it: "
                + (manifest is null ? "nothing is recorded yet." : $"{manifest.Gateway}."));
        }

        try
        {
            using var key = GatewayKey.LoadOrCreate(directory);
            return manifest is null || manifest.Gateway == key.Gateway && manifest.Key.Equals(key.Public) ? null
                : new(GatewayKey.KeyName, $"the manifest in force is of gateway {manifest.Gateway} with key {manifest.Key.IdHex}; here are "
                    + $"{key.Gateway} and {key.Public.IdHex}", Restore);
        }
        catch (GatewayKeyException fault)
        {
            return new(GatewayKey.KeyName, fault.Message, Restore);
        }
    }
}
