using System.Globalization;
using System.Text;

namespace Anchoring;

/// <summary>Why a batch is not on this gateway any more. The words stand on disk; never change one.</summary>
public enum AbsenceCause : byte
{
    /// <summary>Anchored, and removed by retention to keep inside the disk budget: the ledger has it.</summary>
    Retention = 1,

    /// <summary>Its file was harmed and nothing here could rebuild it. The next start says so in the chain.</summary>
    Lost = 2,

    /// <summary>Lost, and the chain says so.</summary>
    Declared = 3,
}

/// <summary>A run of batches that is known not to be here.</summary>
/// <param name="First">First number.</param>
/// <param name="Last">Last number.</param>
/// <param name="Cause">Why.</param>
/// <param name="AtMs">Wall milliseconds at which it was written down.</param>
/// <param name="Words">What happened, for people; one line.</param>
public sealed record Absence(long First, long Last, AbsenceCause Cause, long AtMs, string Words)
{
    /// <summary>Wall milliseconds at which the first of them was opened; 0 when nobody knows.</summary>
    public long FromMs { get; init; }

    /// <summary>Wall milliseconds at which the last of them was closed; 0 when nobody knows.</summary>
    public long ToMs { get; init; }

    public override string ToString() => First == Last ? string.Create(CultureInfo.InvariantCulture, $"batch {First}")
        : string.Create(CultureInfo.InvariantCulture, $"batches {First} to {Last}");
}

/// <summary>What is known not to be here, so that nobody takes a removal for a loss or a loss for a removal.</summary>
/// <remarks>
/// A text file beside the batch store, only ever appended, one line an absence:
/// <code>crc32c first last cause atMs fromMs toMs words        the check sum, in hexadecimal, of all that follows it</code>
/// A line that a power cut tore does not count; whoever wrote it writes it again.
/// </remarks>
/// <param name="folder">The batch store's folder.</param>
public sealed class AbsenceBook(IFolder folder)
{
    public const string Name = "absent.txt";

    /// <summary>Everything that was written down, in order.</summary>
    public IReadOnlyList<Absence> Read()
    {
        if (!folder.Names.Contains(Name))
        {
            return [];
        }

        using var stream = folder.Open(Name);
        using var reader = new StreamReader(stream, Encoding.UTF8);
        List<Absence> absences = [];
        while (reader.ReadLine() is { } line)
        {
            if (Parse(line) is { } absence)
            {
                absences.Add(absence);
            }
        }

        return absences;
    }

    /// <summary>The reason why a batch is not here; null when it ought to be.</summary>
    public Absence? Of(long number) => Read().LastOrDefault(absence => absence.First <= number && number <= absence.Last);

    /// <summary>Writes one down; durable when it returns.</summary>
    public void Add(Absence absence)
    {
        var text = string.Create(CultureInfo.InvariantCulture,
            $"{absence.First} {absence.Last} {absence.Cause} {absence.AtMs} {absence.FromMs} {absence.ToMs} {absence.Words.ReplaceLineEndings(" ")}");
        var line = Encoding.UTF8.GetBytes($"{Check(text)} {text}\n");
        using var stream = folder.OpenWriteThrough(Name);
        stream.Seek(0, SeekOrigin.End);
        if (stream.Length > 0)
        {
            stream.Seek(-1, SeekOrigin.End);
            if (stream.ReadByte() != '\n')
            {
                line = [(byte)'\n', .. line]; // The line before was torn; this one stands on its own.
            }
        }

        stream.Write(line, 0, line.Length);
        stream.Flush();
    }

    private static Absence? Parse(string line)
    {
        var parts = line.Split(' ', 8);
        return parts.Length == 8 && parts[0] == Check(line[(parts[0].Length + 1)..])
            && long.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var first)
            && long.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out var last)
            && Enum.TryParse<AbsenceCause>(parts[3], out var cause) && Enum.IsDefined(cause)
            && long.TryParse(parts[4], NumberStyles.None, CultureInfo.InvariantCulture, out var atMs)
            && long.TryParse(parts[5], NumberStyles.None, CultureInfo.InvariantCulture, out var fromMs)
            && long.TryParse(parts[6], NumberStyles.None, CultureInfo.InvariantCulture, out var toMs)
            ? new(first, last, cause, atMs, parts[7]) { FromMs = fromMs, ToMs = toMs } : null;
    }

    private static string Check(string text) => Crc32C.Of(Encoding.UTF8.GetBytes(text)).ToString("x8", CultureInfo.InvariantCulture);
}
