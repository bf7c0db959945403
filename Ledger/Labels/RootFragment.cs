using Evidence;

namespace Ledger.Labels;

/// <summary>The end of a link, "#r=" and the beginning of the record's root: the page notices by it when another record is shown (docs/formats.md,
/// "The page").</summary>
internal static class RootFragment
{
    private const int Length = 16;

    /// <summary>Nothing while there is no root.</summary>
    public static string Of(Digest? root) => root is { } known ? "#r=" + known.ToString()[..Length] : "";
}
