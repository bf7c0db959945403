namespace Evidence;

/// <summary>Bytes that claim to be evidence do not have its form. The message says which rule, and what stands there instead.</summary>
public sealed class MalformedEvidenceException : Exception
{
    public MalformedEvidenceException() { }

    public MalformedEvidenceException(string message) : base(message) { }

    public MalformedEvidenceException(string message, Exception inner) : base(message, inner) { }
}
