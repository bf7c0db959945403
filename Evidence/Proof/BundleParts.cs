using System.Formats.Asn1;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Evidence;

/// <summary>One standard file of an unpacked bundle.</summary>
/// <param name="Path">Its place, made of our own words and numbers only: nothing of the bundle's text is in it.</param>
/// <param name="Says">What it is, for the index.</param>
public sealed record BundlePart(string Path, byte[] Bytes, string Says);

/// <summary>Takes a bundle apart into files that programs of others read: COSE, keys in PEM, signatures in DER, tlog proofs, checkpoints,
/// CBOR. Nothing is checked, only the bundle's own form.</summary>
public static class BundleParts
{
    /// <exception cref="MalformedEvidenceException">Not a bundle. What stands in its fields is written out as it is, readable or
    /// not.</exception>
    public static IEnumerable<BundlePart> Of(ReadOnlyMemory<byte> bundle) => Parts(Bundle.Parse(bundle));

    private static IEnumerable<BundlePart> Parts(Bundle bundle)
    {
        yield return new("window.txt", Utf8($"gateway {bundle.Gateway}\nchannels {string.Join(' ', bundle.Channels)}\n"
            + $"from {Times.Utc(bundle.FromMs)}\nto {Times.Utc(bundle.ToMs)}\nlevel {Bundle.LevelName(bundle.Level)}\n"),
            "what the bundle says that it is about");
        foreach (var (i, manifest) in bundle.Manifests.Index())
        {
            var folder = Folder("manifest", i + 1, 3);
            foreach (var part in Signed(folder, manifest.Bytes.AsMemory(), manifest.Receipt, "manifest: who enrolled the gateway, as what"))
            {
                yield return part;
            }

            foreach (var (channel, bytes) in manifest.Openings)
            {
                yield return new($"{folder}/channel-{channel}.opening", [.. bytes],
                    "what opens the manifest's commitment to this channel: 32 bytes of salt, then place, serial number and limits in CBOR");
            }

            if (Key(manifest.Bytes.AsMemory()) is { } key)
            {
                yield return new($"{folder}/gateway-key.pem", Pem(key), "the gateway's public key, out of this manifest: SubjectPublicKeyInfo");
            }
        }

        foreach (var batch in bundle.Batches.Index().SelectMany(item => Batch(item.Item, Folder("batch", item.Index + 1, 6))))
        {
            yield return batch;
        }

        foreach (var (i, note) in bundle.Beacons.Index())
        {
            yield return new($"beacons/{Number(i + 1, 6)}.checkpoint", Utf8(note), "a checkpoint that some header's beacon is the SHA-256 of");
        }

        foreach (var part in bundle.Revocations.Index().SelectMany(item => Signed(Folder("revocation", item.Index + 1, 3),
            item.Item.Bytes.AsMemory(), item.Item.Receipt, "revocation: a key that no longer counts")))
        {
            yield return part;
        }

        foreach (var part in Consistency(bundle))
        {
            yield return part;
        }

        foreach (var part in bundle.Releases.Index().SelectMany(item => Release(item.Index + 1, item.Item)))
        {
            yield return part;
        }
    }

    /// <summary>In the form in which a log asks a witness to cosign (C2SP tlog-witness, add-checkpoint): the old size, the proof, an empty line, the new
    /// checkpoint. Only where the bundle shows that checkpoint.</summary>
    private static IEnumerable<BundlePart> Consistency(Bundle bundle)
    {
        if (bundle.Consistency.IsEmpty)
        {
            yield break;
        }

        var notes = bundle.Batches.Select(batch => batch.Receipt).Concat(bundle.Manifests.Concat(bundle.Revocations).Concat(bundle.Releases).Select(shown => shown.Receipt)).OfType<string>()
            .Select(receipt => receipt[(receipt.IndexOf("\n\n", StringComparison.Ordinal) + 2)..]).Concat(bundle.Beacons).ToList();
        foreach (var (i, proof) in bundle.Consistency.Index())
        {
            var start = string.Create(CultureInfo.InvariantCulture, $"{proof.Origin}\n{proof.To}\n");
            if (notes.Find(note => note.StartsWith(start, StringComparison.Ordinal)) is { } larger)
            {
                var hashes = string.Concat(proof.Path.Select(hash => Convert.ToBase64String(hash.ToBytes()) + "\n"));
                yield return new($"consistency/{Number(i + 1, 6)}.add-checkpoint", Utf8(string.Create(CultureInfo.InvariantCulture,
                    $"old {proof.From}\n{hashes}\n{larger}")), "that the checkpoint here begins with all entries of the older size: RFC 6962 consistency proof");
            }
        }
    }

    /// <summary>The public key of a policy's or trust list's entry, in PEM.</summary>
    public static byte[] Pem(PublicKey key) => Utf8(PemEncoding.WriteString("PUBLIC KEY", key.Spki.AsSpan()) + "\n");

    private static IEnumerable<BundlePart> Batch(ShownBatch batch, string folder)
    {
        foreach (var part in Signed(folder, batch.Header.AsMemory(), batch.Receipt, "batch header"))
        {
            yield return part;
        }

        if (batch.Tree is { } tree)
        {
            yield return new($"{folder}/tree.bip37", [.. tree], "BIP 37 partial tree over the leaves here, up to the header's root");
        }

        if (batch.Path is { } path)
        {
            yield return new($"{folder}/path.bin", [.. path], "32-byte hashes: the nodes beside the leaves and columns here, in the order of the walk");
        }

        foreach (var leaf in batch.Leaves)
        {
            yield return new($"{folder}/leaf-{Number(leaf.Place, 5)}.cbor", [.. leaf.Bytes], "one leaf; the number is its place in the tree");
        }

        foreach (var (i, column) in batch.Columns.Index())
        {
            yield return new($"{folder}/column-{Number(i, 2)}.cbor", [.. column],
                "a whole channel of the batch with its salt key; its leaves are rebuilt from it");
        }
    }

    private static IEnumerable<BundlePart> Release(int number, ShownStatement shown)
    {
        var (sum, isBack) = Released(shown.Bytes.AsMemory());
        var folder = Folder(isBack ? "withdrawal" : "release", number, 3);
        foreach (var part in Signed(folder, shown.Bytes.AsMemory(), shown.Receipt, isBack ? "withdrawal: which program of the authority is not to be relied on any more"
            : "software release: which file is a program of the authority"))
        {
            yield return part;
        }

        if (sum is { } page)
        {
            yield return new($"{folder}/SHA256SUMS", Utf8($"{page}  {SoftwareRelease.PageName}\n"), isBack
                ? "the withdrawn page's hash out of the payload, for `sha256sum --check` beside the page, its blocks empty"
                : "the released page's hash out of the payload, for `sha256sum --check` beside the page, its blocks empty");
        }
    }

    /// <summary>The hash of a page that is released or taken back; none where it is another program, or cannot be read.</summary>
    private static (Digest? Sum, bool IsBack) Released(ReadOnlyMemory<byte> cose)
    {
        try
        {
            return Decoded(cose) switch
            {
                { Kind: StatementKind.Release } statement => (SoftwareRelease.Decode(statement.Payload) is { Name: SoftwareRelease.PageName } page ? page.Sum : null, false),
                { Kind: StatementKind.Withdrawal } statement => (ReleaseWithdrawal.Decode(statement.Payload) is { Name: SoftwareRelease.PageName } page ? page.Sum : null, true),
                _ => (null, false),
            };
        }
        catch (MalformedEvidenceException)
        {
            return (null, false); // Neither: there is no hash to take out.
        }
    }

    private static IEnumerable<BundlePart> Signed(string folder, ReadOnlyMemory<byte> cose, string? receipt, string what)
    {
        yield return new($"{folder}/statement.cose", cose.ToArray(), $"{what}: COSE_Sign1, the entry of the log");
        if (Decoded(cose) is { } statement)
        {
            yield return new($"{folder}/payload.cbor", statement.Payload.ToArray(), "its payload; SHA-256 of it is the statement's identity");
            yield return new($"{folder}/to-be-signed.bin", statement.ToBeSigned(), "what the signature is over: Sig_structure of RFC 9052");
            yield return new($"{folder}/signature.der", Der(statement.Signature.AsSpan()), "the signature, as openssl wants it");
        }

        if (receipt is not null)
        {
            yield return new($"{folder}/receipt.tlog-proof", Utf8(receipt), "receipt: C2SP tlog-proof of statement.cose");
            if (receipt.IndexOf("\n\n", StringComparison.Ordinal) is >= 0 and var at)
            {
                yield return new($"{folder}/receipt.checkpoint", Utf8(receipt[(at + 2)..]), "the signed checkpoint inside the receipt");
            }
        }
    }

    private static Statement? Decoded(ReadOnlyMemory<byte> cose)
    {
        try
        {
            return Statement.Decode(cose);
        }
        catch (MalformedEvidenceException)
        {
            return null; // The bytes are written out as they are; the index shows that nothing could be read out of them.
        }
    }

    private static PublicKey? Key(ReadOnlyMemory<byte> cose)
    {
        try
        {
            return Decoded(cose) is { } statement ? Manifest.Decode(statement.Payload).Key : null;
        }
        catch (MalformedEvidenceException)
        {
            return null; // No manifest: there is no key to take out.
        }
    }

    private static byte[] Der(ReadOnlySpan<byte> signature)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteIntegerUnsigned(Trim(signature[..32]));
            writer.WriteIntegerUnsigned(Trim(signature[32..]));
        }

        return writer.Encode();

        static ReadOnlySpan<byte> Trim(ReadOnlySpan<byte> number) => number.TrimStart((byte)0) is { IsEmpty: false } digits ? digits : [0];
    }

    private static string Folder(string name, int number, int digits) => $"{name}-{Number(number, digits)}";

    private static string Number(int number, int digits) => number.ToString($"D{digits}", CultureInfo.InvariantCulture);

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);
}
