using Anchoring;

namespace Gateway.Tests.Simulation;

/// <summary>What must hold when all faults are over: all has arrived, and both programs' own audits find nothing.</summary>
internal static class AuditChecker
{
    /// <summary>Two days after the last fault nothing waits for the ledger any more.</summary>
    /// <param name="status">The gateway's; null when it does not run.</param>
    /// <param name="violate">Takes what does not hold.</param>
    /// <returns>Whether it holds.</returns>
    public static bool Drained(LogbookStatus? status, Action<string> violate)
    {
        if (status is { Unanchored: 0, UnanchoredManifests: 0 })
        {
            return true;
        }

        violate(status is null ? "Two days after the last fault the gateway does not run."
            : $"Two days after the last fault {status.Unanchored} batches and {status.UnanchoredManifests} manifests wait: "
            + $"{string.Join(" ", status.Faults)} {status.Refused?.Words}");
        return false;
    }

    /// <summary>`gateway fsck` finds nothing, and every batch that was sent.</summary>
    /// <param name="report">What it says.</param>
    /// <param name="sent">How many batches must be there: all that the ledger has, but for those that an older image of the card did not have.</param>
    public static void Gateway(FsckReport report, long sent, Action<string> violate)
    {
        foreach (var finding in report.Findings)
        {
            violate($"gateway fsck, {finding.Place}: {finding.Fault}");
        }

        if (report.Batches != sent)
        {
            violate($"{report.Batches} batches are on the card, {sent} must be.");
        }
    }

    /// <summary>`ledger fsck` finds nothing.</summary>
    public static void Ledger(IEnumerable<string> problems, Action<string> violate)
    {
        foreach (var words in problems)
        {
            violate("ledger fsck: " + words);
        }
    }
}
