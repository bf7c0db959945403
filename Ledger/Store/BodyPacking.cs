using System.IO.Compression;
using Evidence;

namespace Ledger.Store;

/// <summary>Bodies in the store are Brotli streams of the body's CBOR: a few bytes a reading.</summary>
public static class BodyPacking
{
    private const int Quality = 5;
    private const int WindowBits = 18;

    public static byte[] Pack(ReadOnlySpan<byte> body)
    {
        var packed = new byte[BrotliEncoder.GetMaxCompressedLength(body.Length)];
        return BrotliEncoder.TryCompress(body, packed, out var written, Quality, WindowBits)
            ? packed[..written]
            : throw new InvalidOperationException($"Brotli could not pack {body.Length} bytes into {packed.Length}.");
    }

    /// <exception cref="EvidenceBrokenException">The store holds something else than was put into it.</exception>
    public static BatchBody Unpack(byte[] packed)
    {
        try
        {
            using var brotli = new BrotliStream(new MemoryStream(packed, writable: false), CompressionMode.Decompress);
            using var body = new MemoryStream();
            brotli.CopyTo(body);
            return BatchBody.Decode(body.ToArray());
        }
        catch (Exception fault) when (fault is InvalidDataException or InvalidOperationException or MalformedEvidenceException)
        {
            throw new EvidenceBrokenException("A stored batch body cannot be read back. Run `ledger fsck`.", fault);
        }
    }
}
