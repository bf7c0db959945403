namespace Evidence;

/// <summary>The bounds of one batch. Every reader checks them before it allocates.</summary>
public static class BatchLimits
{
    /// <summary>Most places of a batch's tree that any verifier accepts.</summary>
    public const int LeavesMax = 65_536;

    /// <summary>Most channels of one gateway: a manifest with 32 probes fits a 4 KiB statement.</summary>
    public const int ChannelsMax = 32;

    /// <summary>Most bytes of a batch's uncompressed body.</summary>
    public const int BodyLengthMax = 4 * 1024 * 1024;

    /// <summary>Most bytes of one signed statement (evidence.md, admission).</summary>
    public const int StatementLengthMax = 4_096;
}
