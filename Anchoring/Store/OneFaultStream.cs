namespace Anchoring;

/// <summary>What LiteDB's streams have met: the first fault of the disk, which LiteDB itself is never told of.</summary>
internal sealed class FirstFault
{
    private volatile IOException? fault;

    /// <summary>Null while the disk has done all that it was asked.</summary>
    public IOException? Fault => fault;

    public void Met(IOException met) => fault ??= met;
}

/// <summary>A stream that stops writing at the first fault of either file, as if power had gone there.</summary>
/// <remarks>
/// F-80: LiteDB 5.0.20 writes its log from a thread of its own. When a write throws there, that thread ends and whoever waits for it waits
/// for ever, the cycle with it. So no write ever throws: after the first fault nothing more reaches the disk, the files stay as they were
/// at that instant, which LiteDB recovers from at the next opening, and <see cref="BatchStore"/> reports the fault when the work is over.
/// </remarks>
internal sealed class OneFaultStream(Stream stream, FirstFault first) : Stream
{
    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => true;

    public override long Length => stream.Length;

    public override long Position
    {
        get => stream.Position;
        set => stream.Position = value;
    }

    public override int Read(byte[] buffer, int offset, int count) => stream.Read(buffer, offset, count);

    public override void Write(byte[] buffer, int offset, int count) => Unless(() => stream.Write(buffer, offset, count));

    public override void Flush() => Unless(stream.Flush);

    public override long Seek(long offset, SeekOrigin origin) => stream.Seek(offset, origin);

    public override void SetLength(long value) => Unless(() => stream.SetLength(value));

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            stream.Dispose();
        }

        base.Dispose(disposing);
    }

    private void Unless(Action write)
    {
        if (first.Fault is not null)
        {
            return;
        }

        try
        {
            write();
        }
        catch (IOException fault)
        {
            first.Met(fault); // Told by the store when the work is over.
        }
    }
}
