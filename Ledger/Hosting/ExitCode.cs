namespace Ledger.Hosting;

/// <summary>What the program answers to whoever started it.</summary>
public static class ExitCode
{
    public const int Done = 0;

    /// <summary>It ran and the answer is no: fsck found damage, or an invariant broke.</summary>
    public const int NotDone = 1;

    public const int Usage = 2;

    /// <summary>EX_CONFIG: starting again changes nothing (RestartPreventExitStatus=78).</summary>
    public const int Configuration = 78;
}
