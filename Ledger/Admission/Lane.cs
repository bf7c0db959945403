using Evidence;
using Ledger.Store;

namespace Ledger.Admission;

/// <summary>One gateway's turn-taking: its statements are judged one after the other, in the order in which they came.</summary>
internal sealed class Lane
{
    private Task tail = Task.CompletedTask;

    /// <summary>What holds for the next statement, rounds still under way included; null when the store must be asked.</summary>
    public GatewayTip? Tip { get; set; }

    /// <summary>The sequencer's epoch in which <see cref="Tip"/> was read; in a later one it may rest on a round that failed.</summary>
    public int TipEpoch { get; set; }

    /// <summary>Done when the newest statement handed to the sequencer is answered, well or not.</summary>
    public Task LastRound { get; set; } = Task.CompletedTask;

    public bool IsIdle => Volatile.Read(ref tail).IsCompleted;

    /// <summary>Takes the place behind everyone who came before.</summary>
    public Turn Enter()
    {
        var mine = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var before = Interlocked.Exchange(ref tail, mine.Task);
        return new(before, mine);
    }

    /// <summary>A place in the lane.</summary>
    /// <param name="Before">Done when it is this one's turn.</param>
    public readonly record struct Turn(Task Before, TaskCompletionSource Mine)
    {
        /// <summary>Lets the next one in; when this one never had its turn, the next one still waits for all before.</summary>
        public void Leave()
        {
            var mine = Mine;
            if (Before.IsCompleted)
            {
                mine.TrySetResult();
            }
            else
            {
                _ = Before.ContinueWith(_ => mine.TrySetResult(), CancellationToken.None, TaskContinuationOptions.None,
                    TaskScheduler.Default);
            }
        }
    }
}
