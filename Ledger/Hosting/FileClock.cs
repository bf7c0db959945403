using System.Buffers.Binary;

namespace Ledger.Hosting;

/// <summary>The wall time of a replayed trip, as another process on this machine writes it: eight bytes, little-endian, wall
/// milliseconds.</summary>
/// <remarks>For demonstrations and tests. Timers and durations stay the machine's own; TLS validity too.</remarks>
public sealed class FileClock(string path) : TimeProvider
{
    /// <exception cref="IOException">The file is missing or shorter than eight bytes: without it there is no time to sign.</exception>
    public override DateTimeOffset GetUtcNow()
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        return RandomAccess.Read(file, bytes, 0) == bytes.Length
            ? DateTimeOffset.FromUnixTimeMilliseconds(BinaryPrimitives.ReadInt64LittleEndian(bytes))
            : throw new IOException($"The clock file {path} holds no time: it has fewer than {sizeof(long)} bytes.");
    }
}
