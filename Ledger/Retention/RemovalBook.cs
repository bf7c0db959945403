using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Evidence;
using Ledger.Authority;

namespace Ledger.Retention;

/// <summary>Readings that retention has removed: one gateway's month. Headers, receipts and all entries of the log stay.</summary>
/// <param name="Gateway">Whose.</param>
/// <param name="First">First batch number.</param>
/// <param name="Last">Last batch number.</param>
/// <param name="FromMs">When the first was opened.</param>
/// <param name="ToMs">When the last was closed.</param>
/// <param name="AtMs">When they were removed.</param>
/// <param name="Years">The policy that removed them.</param>
public sealed record Removal(GatewayId Gateway, long First, long Last, long FromMs, long ToMs, long AtMs, int Years);

/// <summary>What retention has removed, written down before it is done, so that nobody takes a removal for a loss.</summary>
/// <remarks>DATA/removed.log: one JSON line each, only ever appended. A line that a power cut tore does not count; it is written again.</remarks>
/// <param name="data">The data directory.</param>
public sealed class RemovalBook(string data)
{
    public const string FileName = "removed.log";

    private string FilePath => Path.Combine(data, FileName);

    /// <summary>Everything that was written down, in order.</summary>
    public ImmutableArray<Removal> Read() => File.Exists(FilePath)
        ? [.. File.ReadLines(FilePath, Encoding.UTF8).Select(Parse).OfType<Removal>()] : [];

    internal void Add(Removal removal)
    {
        var line = string.Create(CultureInfo.InvariantCulture, $$"""
            {"gateway":"{{removal.Gateway}}","first":{{removal.First}},"last":{{removal.Last}},"fromMs":{{removal.FromMs}},"toMs":{{removal.ToMs}},"atMs":{{removal.AtMs}},"years":{{removal.Years}}}
            """);
        // After a torn line the next one stands on its own.
        DurableFile.Write(FilePath, FileMode.Append, secret: false, Encoding.UTF8.GetBytes((IsTorn() ? "\n" : "") + line + "\n"));
    }

    private bool IsTorn()
    {
        if (!File.Exists(FilePath) || new FileInfo(FilePath).Length == 0)
        {
            return false;
        }

        using var file = File.OpenRead(FilePath);
        file.Seek(-1, SeekOrigin.End);
        return file.ReadByte() != '\n';
    }

    private static Removal? Parse(string line)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            var root = document.RootElement;
            return new(new(root.GetProperty("gateway").GetGuid()), root.GetProperty("first").GetInt64(), root.GetProperty("last").GetInt64(),
                root.GetProperty("fromMs").GetInt64(), root.GetProperty("toMs").GetInt64(), root.GetProperty("atMs").GetInt64(),
                root.GetProperty("years").GetInt32());
        }
        catch (Exception fault) when (fault is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            return null;
        }
    }
}
