namespace Gateway.Tests.Simulation;

/// <summary>How much of what was written and not flushed is found after a power cut.</summary>
public enum Survival
{
    /// <summary>Nothing.</summary>
    Flushed,

    /// <summary>Any sectors of 512 bytes, each by chance: lost, reordered and torn writes.</summary>
    SomeSectors,

    /// <summary>All of it, and of the write in hand the first bytes.</summary>
    Torn,

    /// <summary>All that was written: a killed process, whose kernel lives on.</summary>
    Written,
}

/// <summary>One write that is not yet durable.</summary>
internal sealed record Unflushed(long Offset, byte[] Before, byte[] After, int LengthBefore);

/// <summary>One file: what is in it, and what of it would not survive a power cut.</summary>
internal sealed class CardFile
{
    private const int Sector = 512;
    private readonly List<Unflushed> unflushed = [];
    private byte[] bytes = [];
    private bool isShared;

    public int Length { get; private set; }

    public static CardFile Zeroed(int length) => new() { bytes = new byte[length], Length = length };

    public int Read(long position, byte[] buffer, int offset, int count)
    {
        var read = (int)Math.Clamp(Length - position, 0, count);
        Array.Copy(bytes, position, buffer, offset, read);
        return read;
    }

    public Unflushed Draft(long position, ReadOnlySpan<byte> written)
    {
        var before = new byte[(int)Math.Clamp(Length - position, 0, written.Length)];
        Array.Copy(bytes, Math.Min(position, Length), before, 0, before.Length);
        return new(position, before, written.ToArray(), Length);
    }

    public void Write(Unflushed write, bool isDurable)
    {
        Put(write.Offset, write.After);
        if (!isDurable)
        {
            unflushed.Add(write);
        }
    }

    public void Flush() => unflushed.Clear();

    /// <summary>The kernel gave up writing these: what a later flush reports says nothing about them.</summary>
    public void Drop()
    {
        for (var i = unflushed.Count - 1; i >= 0; i--)
        {
            Undo(unflushed[i]);
        }

        unflushed.Clear();
    }

    public void SetLength(int length)
    {
        Own(Math.Max(length, Length));
        if (length < Length)
        {
            Array.Clear(bytes, length, Length - length);
        }

        Length = length;
    }

    public CardFile AfterCut(Survival survival, Dice dice, Unflushed? inHand)
    {
        isShared = true;
        var found = new CardFile { bytes = bytes, Length = Length, isShared = true };
        if (survival == Survival.Written || (unflushed.Count == 0 && inHand is null))
        {
            return found;
        }

        for (var i = unflushed.Count - 1; i >= 0; i--)
        {
            found.Undo(unflushed[i]);
        }

        foreach (var write in unflushed)
        {
            found.Keep(write, survival == Survival.Torn ? write.After.Length : 0, survival, dice);
        }

        if (inHand is not null)
        {
            found.Keep(inHand, survival == Survival.Torn ? (int)dice.Between(0, inHand.After.Length) : 0, survival, dice);
        }

        return found;
    }

    private void Keep(Unflushed write, int first, Survival survival, Dice dice)
    {
        if (survival == Survival.SomeSectors)
        {
            for (var at = write.Offset; at < write.Offset + write.After.Length;)
            {
                var end = Math.Min((at / Sector + 1) * Sector, write.Offset + write.After.Length);
                if (dice.Coin())
                {
                    Put(at, write.After.AsSpan((int)(at - write.Offset), (int)(end - at)));
                }

                at = end;
            }
        }
        else if (first > 0)
        {
            Put(write.Offset, write.After.AsSpan(0, first));
        }
    }

    private void Undo(Unflushed write)
    {
        Put(write.Offset, write.Before);
        SetLength(write.LengthBefore);
    }

    private void Put(long offset, ReadOnlySpan<byte> written)
    {
        var end = checked((int)offset + written.Length);
        Own(Math.Max(end, Length));
        written.CopyTo(bytes.AsSpan((int)offset));
        Length = Math.Max(Length, end);
    }

    private void Own(int length)
    {
        if (isShared || bytes.Length < length)
        {
            var own = new byte[bytes.Length < length ? Math.Max(length, bytes.Length + (bytes.Length / 2)) : bytes.Length];
            Array.Copy(bytes, own, Math.Min(Length, own.Length));
            (bytes, isShared) = (own, false);
        }
    }
}
