namespace Gateway.Verbs;

/// <summary>What the process ends with. Documented in every verb's --help; never renumbered.</summary>
public static class ExitCode
{
    /// <summary>Done; for verify: the record is verified.</summary>
    public const int Done = 0;

    /// <summary>Not done; for verify: the record does not match what was signed, or nobody whom the policy trusts signed it.</summary>
    public const int Failed = 1;

    /// <summary>The command line was not understood.</summary>
    public const int Usage = 2;

    /// <summary>verify only: something that checking needs is missing or unreadable.</summary>
    public const int CannotCheck = 3;

    /// <summary>The settings have problems (EX_CONFIG of sysexits.h; systemd does not restart on it).</summary>
    public const int Configuration = 78;

    /// <summary>Stopped before it was done, as shells say it for SIGINT.</summary>
    public const int Interrupted = 130;
}

/// <summary>A verb cannot do what it was asked. The message is for people: the fact, then the next step.</summary>
public sealed class VerbException : Exception
{
    public VerbException() { }

    public VerbException(string message) : base(message) { }

    public VerbException(string message, Exception inner) : base(message, inner) { }

    public int Code { get; init; } = ExitCode.Failed;
}
