using Anchoring;

namespace Gateway.Tests.Simulation;

/// <summary>One folder of the card.</summary>
internal sealed class CardFolder(Card card, string folder) : IFolder
{
    public Dictionary<string, CardFile> Files { get; private set; } = [];

    public IReadOnlyList<string> Names
    {
        get
        {
            lock (card.Gate)
            {
                return [.. Files.Keys.Order(StringComparer.Ordinal)];
            }
        }
    }

    public string Place => folder;

    public void Replace(Dictionary<string, CardFile> files) => Files = files;

    public Stream Create(string name, int length)
    {
        lock (card.Gate)
        {
            RefuseWhenFull();
            Files[name + ".new"] = CardFile.Zeroed(length / 2); // A cut here leaves a file that was being zeroed.
            try
            {
                card.Step(null, null);
            }
            finally
            {
                Files.Remove(name + ".new");
            }

            Files[name] = CardFile.Zeroed(length);
            return new CardStream(card, Files[name], isDurable: false);
        }
    }

    public Stream Open(string name)
    {
        lock (card.Gate)
        {
            return Files.TryGetValue(name, out var file) ? new CardStream(card, file, isDurable: false)
                : throw new FileNotFoundException($"{name} is not in {folder}.");
        }
    }

    public Stream OpenWriteThrough(string name)
    {
        lock (card.Gate)
        {
            if (!Files.TryGetValue(name, out var file))
            {
                RefuseWhenFull();
                card.Step(null, null);
                Files[name] = file = new();
            }

            return new CardStream(card, file, isDurable: true);
        }
    }

    public void Move(string name, string newName)
    {
        lock (card.Gate)
        {
            card.Step(null, null);
            Files.Add(newName, Files[name]);
            Files.Remove(name);
        }
    }

    public void Delete(string name)
    {
        lock (card.Gate)
        {
            card.Step(null, null);
            Files.Remove(name);
        }
    }

    private void RefuseWhenFull()
    {
        if (card.IsFull && !card.IsCut)
        {
            throw new IOException("No space left on device");
        }
    }
}

/// <summary>One open file.</summary>
internal sealed class CardStream(Card card, CardFile file, bool isDurable) : Stream
{
    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => true;

    public override long Length => file.Length;

    public override long Position { get; set; }

    public override int Read(byte[] buffer, int offset, int count)
    {
        lock (card.Gate)
        {
            var read = file.Read(Position, buffer, offset, count);
            Position += read;
            return read;
        }
    }

    public override void Write(byte[] buffer, int offset, int count)
    {
        lock (card.Gate)
        {
            if (card.IsFull && !card.IsCut && Position + count > file.Length)
            {
                throw new IOException("No space left on device");
            }

            var write = file.Draft(Position, buffer.AsSpan(offset, count));
            card.Step(file, write);
            file.Write(write, isDurable);
            Position += count;
        }
    }

    public override void Flush()
    {
        lock (card.Gate)
        {
            try
            {
                card.Step(null, null);
            }
            catch (IOException)
            {
                if (card.FailedFlushDrops())
                {
                    file.Drop();
                }

                throw;
            }

            file.Flush();
        }
    }

    public override long Seek(long offset, SeekOrigin origin) => Position = origin switch
    {
        SeekOrigin.Begin => offset,
        SeekOrigin.Current => Position + offset,
        _ => Length + offset,
    };

    public override void SetLength(long value)
    {
        lock (card.Gate)
        {
            if (card.IsFull && !card.IsCut && value > file.Length)
            {
                throw new IOException("No space left on device");
            }

            card.Step(null, null);
            file.SetLength(checked((int)value));
        }
    }
}
