using global::Ledger.Log;

namespace Gateway.Tests.Ledger;

/// <summary>The log's disk, which fails at one chosen call: before it took effect, or after.</summary>
public sealed class FailingDisk(string root) : LogDisk(root)
{
    private int calls;

    /// <summary>Which call fails, from 1; 0 for none.</summary>
    public int FailAt { get; set; }

    /// <summary>Whether the failing call took effect all the same.</summary>
    public bool Persists { get; set; }

    /// <summary>Calls so far.</summary>
    public int Calls => calls;

    /// <summary>What each call wrote, for a test's message.</summary>
    public List<string> Paths { get; } = [];

    public override void WriteOnce(string path, ReadOnlyMemory<byte> bytes) => Do(path, () => base.WriteOnce(path, bytes));

    public override void ReplaceCheckpoint(byte[]? expected, ReadOnlyMemory<byte> next) =>
        Do(CheckpointName, () => base.ReplaceCheckpoint(expected, next));

    private void Do(string path, Action write)
    {
        calls++;
        Paths.Add(path);
        if (calls != FailAt)
        {
            write();
            return;
        }

        if (Persists)
        {
            write();
        }

        throw new IOException($"Injected: call {calls}, {path}, {(Persists ? "persisted" : "not persisted")}.");
    }
}
