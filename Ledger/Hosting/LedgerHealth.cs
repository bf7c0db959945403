using System.Data.Common;

namespace Ledger.Hosting;

/// <summary>Whether the ledger can do its work now.</summary>
public static class LedgerHealth
{
    /// <summary>What keeps it from working, in one sentence; null when nothing does.</summary>
    public static string? Trouble(LedgerCore core)
    {
        if (core.Sequencer.Ended.IsCompleted)
        {
            return "The sequencer has stopped; look at the journal and run `ledger fsck`.";
        }

        if (core.Sequencer.Halted.Length > 0)
        {
            return core.Sequencer.Halted;
        }

        try
        {
            var (logged, sequenced) = (core.Log.Head.Size, core.Store.NextIndex());
            return sequenced < logged ? $"The log has {logged} entries, the store {sequenced}." : null;
        }
        catch (Exception fault) when (fault is DbException or IOException or InvalidOperationException)
        {
            return $"The database does not answer: {fault.Message}";
        }
    }
}
