using System.Diagnostics;
using System.Security.Cryptography;
using System.Security.Cryptography.Cose;
using Evidence;

namespace Gateway.Tests.Evidence;

/// <summary>Goal: others read and verify what we sign. Method: .NET's own COSE library, openssl, and Python's cbor2 on the same
/// bytes.</summary>
public sealed class StatementPeerTests : IDisposable
{
    private readonly TestTruck truck = new();
    private readonly string folder = Directory.CreateTempSubdirectory("coldproof-peer-").FullName;

    [Fact]
    public void Dotnets_cose_library_verifies_our_statement_and_refuses_a_changed_one()
    {
        var statement = truck.Seal(3).Statement;
        Assert.True(CoseMessage.DecodeSign1(statement.Bytes.AsSpan()).VerifyEmbedded(truck.GatewayKey));
        var changed = statement.Bytes.ToArray();
        changed[^70] ^= 1;
        Assert.False(CoseMessage.DecodeSign1(changed).VerifyEmbedded(truck.GatewayKey));
    }

    [Fact]
    public void Openssl_verifies_the_signature_over_the_sig_structure_and_refuses_a_changed_one()
    {
        var statement = truck.Seal(3).Statement;
        var message = CoseMessage.DecodeSign1(statement.Bytes.AsSpan());
        var writer = new System.Formats.Cbor.CborWriter();
        writer.WriteStartArray(4);
        writer.WriteTextString("Signature1");
        writer.WriteByteString(message.RawProtectedHeaders.Span);
        writer.WriteByteString([]);
        writer.WriteByteString(message.Content!.Value.Span);
        writer.WriteEndArray();
        var signed = writer.Encode();
        File.WriteAllBytes(At("signed"), signed);
        File.WriteAllText(At("key.pem"), truck.GatewayKey.ExportSubjectPublicKeyInfoPem());
        File.WriteAllBytes(At("signature.der"), ToDer(statement.Signature.AsSpan()));
        var (exit, output) = Run("openssl", "dgst", "-sha256", "-verify", At("key.pem"), "-signature", At("signature.der"), At("signed"));
        Assert.Equal((0, "Verified OK"), (exit, output.Trim()));
        signed[^1] ^= 1;
        File.WriteAllBytes(At("signed"), signed);
        Assert.NotEqual(0, Run("openssl", "dgst", "-sha256", "-verify", At("key.pem"), "-signature", At("signature.der"),
            At("signed")).Exit);
    }

    [Fact]
    public void Pythons_cbor2_reads_every_kind_of_leaf_header_and_manifest_and_writes_the_same_bytes_again()
    {
        var note = new BatchEvent(new ChannelId(1), EventKind.Door, TestTruck.StartMs, EventDetail.Note("door.open", "rear door"));
        var batch = truck.Seal(2, (round, _) => round == 0 ? -12_500 : null, null, note);
        var items = BatchLeaves.Build(batch.Body, batch.Header.OpenedMs, truck.Manifest.Channels).Select(leaf => leaf.Encode())
            .Append(batch.Header.Encode()).Append(truck.Manifest.Encode()).Append(batch.Body.Encode()).Append([.. batch.Statement.Bytes]);
        File.WriteAllLines(At("items"), items.Select(Convert.ToHexStringLower));
        File.WriteAllText(At("read.py"), """
            import cbor2, sys
            for line in open(sys.argv[1]):
                item = cbor2.loads(bytes.fromhex(line.strip()))
                assert cbor2.dumps(item, canonical=True).hex() == line.strip(), line
                print(item[0] if isinstance(item, list) else item.tag, len(item) if isinstance(item, list) else len(item.value))
            """);
        var (exit, output) = Run("/usr/bin/python3", At("read.py"), At("items"));
        Assert.True(exit == 0, output + " (Debian package python3-cbor2)");
        Assert.Equal(
            ["1 10", "1 10", "2 11", "2 11", "0 7", "0 7", "0 7", "0 7", "3 6", "1 12", "2 9", "1 7", "18 4"],
            output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    public void Dispose()
    {
        truck.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private string At(string name) => Path.Combine(folder, name);

    private static byte[] ToDer(ReadOnlySpan<byte> signature)
    {
        var writer = new System.Formats.Asn1.AsnWriter(System.Formats.Asn1.AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteIntegerUnsigned(TrimZeros(signature[..32]));
            writer.WriteIntegerUnsigned(TrimZeros(signature[32..]));
        }

        return writer.Encode();

        static ReadOnlySpan<byte> TrimZeros(ReadOnlySpan<byte> number) => number.TrimStart((byte)0);
    }

    private static (int Exit, string Output) Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true
        })!;
        var output = process.StandardOutput.ReadToEnd();
        var error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, process.ExitCode == 0 ? output : output + error);
    }
}
