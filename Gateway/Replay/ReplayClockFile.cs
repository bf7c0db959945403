using System.Buffers.Binary;

namespace Gateway.Replay;

/// <summary>Tells another process on this machine what time it is in the trip: eight bytes, little-endian, wall milliseconds.</summary>
/// <remarks>One aligned eight-byte write into a page that both processes share: a reader sees the old time or the new one, never half of
/// each.</remarks>
public sealed class ReplayClockFile : IDisposable
{
    private readonly FileStream file;

    public ReplayClockFile(string path) => file = new(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);

    public void Write(long wallMs)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, wallMs);
        file.Position = 0;
        file.Write(bytes);
    }

    public void Dispose() => file.Dispose();
}
