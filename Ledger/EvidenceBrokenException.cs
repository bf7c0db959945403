namespace Ledger;

/// <summary>An invariant of the ledger does not hold: two heads, a changed tile, a store that lags behind its log. The process stops;
/// <c>ledger fsck</c> explains.</summary>
public sealed class EvidenceBrokenException : Exception
{
    public EvidenceBrokenException() { }

    public EvidenceBrokenException(string message) : base(message) { }

    public EvidenceBrokenException(string message, Exception inner) : base(message, inner) { }
}
