using Evidence;
using Gateway.Tests.Simulation;

namespace Gateway.Tests.Fuzzing;

/// <summary>One reader of untrusted bytes, and what it may do with any bytes at all.</summary>
/// <param name="Name">Its name in tables and of its folder of findings.</param>
/// <param name="Corpus">Inputs that it accepts, or nearly.</param>
/// <param name="Try">Reads; gives whether it accepted. Throws <see cref="FuzzFindingException"/> when something that it accepted does
/// not come out as it went in, or another promise is broken.</param>
public sealed record FuzzTarget(string Name, IReadOnlyList<byte[]> Corpus, Func<byte[], bool> Try)
{
    /// <summary>The exceptions that the reader documents. Default: MalformedEvidenceException.</summary>
    public IReadOnlyList<Type> Documented { get; init; } = [typeof(MalformedEvidenceException)];

    /// <summary>Most bytes that may be allocated for an input of n bytes: AllocatedMin + n × AllocatedPerByte.</summary>
    public int AllocatedPerByte { get; init; } = 32;

    /// <summary>See <see cref="AllocatedPerByte"/>. Default 48 KiB: an exception with its stack trace takes up to 30.</summary>
    public long AllocatedMin { get; init; } = 48 * 1024;

    /// <summary>Makes a fresh input of good form now and then; null when the corpus is enough.</summary>
    public Func<Dice, byte[]>? Make { get; init; }

    /// <summary>Mends what a mutation always breaks, such as a check sum, so that what lies behind it is reached.</summary>
    public Func<byte[], byte[]> Dress { get; init; } = bytes => bytes;

    /// <summary>A corpus of texts.</summary>
    public static IReadOnlyList<byte[]> Texts(params string[] texts) => [.. texts.Select(System.Text.Encoding.UTF8.GetBytes)];

    /// <summary>Takes so long a try that the test run only does a few.</summary>
    public bool IsSlow { get; init; }

    /// <summary>The reader shares work over threads or keeps pools, so that one thread's count says nothing.</summary>
    public bool IsUncounted { get; init; }
}

/// <summary>A promise about parsed bytes does not hold.</summary>
public sealed class FuzzFindingException : Exception
{
    public FuzzFindingException() { }

    public FuzzFindingException(string message) : base(message) { }

    public FuzzFindingException(string message, Exception inner) : base(message, inner) { }

    /// <summary>What was read must be written as it stood.</summary>
    public static bool Same(string input, string written) => input == written ? true
        : throw new FuzzFindingException($"Read {input.Length} characters and wrote {written.Length} others: two spellings of one thing.");

    /// <summary>What was read must be written as it stood.</summary>
    public static bool Same(ReadOnlySpan<byte> input, ReadOnlySpan<byte> written) => input.SequenceEqual(written) ? true
        : throw new FuzzFindingException($"Read {input.Length} bytes and wrote {written.Length} others: two spellings of one thing.");
}

/// <summary>An input that a reader does not stand.</summary>
/// <param name="What">What happened, in a line.</param>
public sealed record FuzzFinding(string Target, byte[] Input, string What);
