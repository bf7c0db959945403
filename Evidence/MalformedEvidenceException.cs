namespace Evidence;

/// <summary>Bytes that claim to be evidence do not have its form. The message says which rule, and what stands there instead.</summary>
public class MalformedEvidenceException : Exception
{
    public MalformedEvidenceException() { }

    public MalformedEvidenceException(string message) : base(message) { }

    public MalformedEvidenceException(string message, Exception inner) : base(message, inner) { }
}

/// <summary>The bundle says that it is of another format or version than this program reads.</summary>
public sealed class UnknownFormatException(string format, string message) : MalformedEvidenceException(message)
{
    /// <summary>What it says, cut to a length that can be shown.</summary>
    public string Format { get; } = format;
}
