using Gateway.Tests.Simulation;

namespace Gateway.Tests.Anchoring;

/// <summary>What can be done to a disk.</summary>
internal enum DiskOperationKind
{
    Create,
    Delete,
    Move,
    Length,
    Write,
    Flush,
}

/// <summary>One thing that was done to a disk.</summary>
/// <param name="Offset">Of a write; of Create and Length the length.</param>
/// <param name="IsDurable">A write that has reached the card when it returns.</param>
internal sealed record DiskOperation(string Folder, DiskOperationKind Kind, string Name, long Offset, byte[] Bytes, bool IsDurable, string NewName);

/// <summary>A disk at one point of its history: what is durable, what is not, and the write in hand.</summary>
public sealed class DiskCut
{
    private const int Sector = 512;
    private readonly Dictionary<string, Dictionary<string, byte[]>> durable;
    private readonly List<DiskOperation> unflushed;
    private readonly DiskOperation? inHand;

    internal DiskCut(int number, Dictionary<string, Dictionary<string, byte[]>> durable, List<DiskOperation> unflushed, DiskOperation? inHand) =>
        (Number, this.durable, this.unflushed, this.inHand) = (number, durable, unflushed, inHand);

    /// <summary>How many operations were done.</summary>
    public int Number { get; }

    /// <summary>What is found afterwards, on its own.</summary>
    public Dictionary<string, Dictionary<string, byte[]>> Found(Loss loss)
    {
        var found = Copy(durable);
        var dice = new Dice(unchecked(((ulong)loss.Number * 1_000_003) + (ulong)Number));
        foreach (var write in unflushed)
        {
            Keep(found, write, loss, isInHand: false, dice);
        }

        if (inHand is not null)
        {
            Keep(found, inHand, loss, isInHand: true, dice);
        }

        return found;
    }

    internal static Dictionary<string, Dictionary<string, byte[]>> Copy(Dictionary<string, Dictionary<string, byte[]>> folders) =>
        folders.ToDictionary(folder => folder.Key, folder => folder.Value.ToDictionary(file => file.Key, file => file.Value.ToArray()));

    internal static byte[] Resized(byte[] bytes, int length)
    {
        Array.Resize(ref bytes, length);
        return bytes;
    }

    internal static void Put(Dictionary<string, byte[]> files, DiskOperation write, int from, int count)
    {
        if (count == 0)
        {
            return;
        }

        var end = checked((int)write.Offset + from + count);
        var bytes = files.GetValueOrDefault(write.Name, []);
        bytes = bytes.Length < end ? Resized(bytes, end) : bytes;
        write.Bytes.AsSpan(from, count).CopyTo(bytes.AsSpan((int)write.Offset + from));
        files[write.Name] = bytes;
    }

    private static void Keep(Dictionary<string, Dictionary<string, byte[]>> found, DiskOperation write, Loss loss, bool isInHand, Dice dice)
    {
        if (!found.TryGetValue(write.Folder, out var files))
        {
            found[write.Folder] = files = [];
        }

        switch (loss.Kind)
        {
            case LossKind.Written:
                Put(files, write, 0, isInHand ? 0 : write.Bytes.Length);
                break;
            case LossKind.Torn:
                Put(files, write, 0, isInHand ? Math.Min(loss.Number, write.Bytes.Length) : write.Bytes.Length);
                break;
            case LossKind.SomeWrites:
                Put(files, write, 0, dice.Coin() ? write.Bytes.Length : 0);
                break;
            case LossKind.SomeSectors:
                for (var at = 0; at < write.Bytes.Length;)
                {
                    var end = (int)Math.Min(((((write.Offset + at) / Sector) + 1) * Sector) - write.Offset, write.Bytes.Length);
                    Put(files, write, at, dice.Coin() ? end - at : 0);
                    at = end;
                }

                break;
            default:
                break; // Clean: nothing of it is there.
        }
    }
}
