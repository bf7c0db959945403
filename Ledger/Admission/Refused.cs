using System.Collections.Immutable;
using Evidence;

namespace Ledger.Admission;

/// <summary>A statement breaks a rule of admission. Thrown and caught inside this room only: it carries the answer to the
/// gateway.</summary>
internal sealed class RefusedException(Refusal refusal, string words) : Exception(words)
{
    public RefusedException() : this(Refusal.Malformed, "") { }

    public RefusedException(string words) : this(Refusal.Malformed, words) { }

    public RefusedException(string words, Exception inner) : this(Refusal.Malformed, words + " " + inner.Message) { }

    public Refusal Refusal { get; } = refusal;

    /// <summary>The statement that proves a refusal which stops the gateway; null for any other.</summary>
    public ImmutableArray<byte>? Shown { get; init; }
}
