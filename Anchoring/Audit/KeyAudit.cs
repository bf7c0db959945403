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
        using var files = KeyFiles.Look(directory);
        if (files.KeyTrouble.Length > 0)
        {
            return new(GatewayKey.KeyName, files.HasKey ? files.KeyTrouble : "the key is missing", Restore);
        }

        if (manifest is not null && !manifest.Key.Equals(files.Public))
        {
            return new(GatewayKey.KeyName, $"the manifest in force is of gateway {manifest.Gateway} with key {manifest.Key.IdHex}; here is the key "
                + $"{files.Public!.IdHex}", Restore);
        }

        return files.Identity is { } id && (manifest is null || id == manifest.Gateway) ? null
            : new(GatewayKey.IdentityName, !files.HasIdentity ? "the identity is missing"
                : files.Identity is { } other ? $"it names {other}, and the manifest in force is of gateway {manifest!.Gateway}" : files.IdentityTrouble,
                "Write the gateway's UUID into it, as the enrolment names it: " + (manifest is null ? "nothing is recorded yet." : $"{manifest.Gateway}."));
    }
}
