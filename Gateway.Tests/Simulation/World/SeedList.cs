using System.Globalization;

namespace Gateway.Tests.Simulation;

/// <summary>One world to drive: its seed, the time from one round to the next, and which journey it makes.</summary>
/// <param name="IsWeek">A week in which faults come twelve times as often and last a twelfth as long, instead of a year: more schedules of faults in
/// the same time.</param>
public readonly record struct WorldSeed(ulong Seed, int IntervalMs = TruckWorld.UsualIntervalMs, bool IsWeek = false)
{
    private const string Week = "/week";

    /// <summary>`0x2a`, or `0x2a@60000` when the interval is not the usual one; `/week` behind it for a week.</summary>
    /// <exception cref="FormatException">None of these.</exception>
    public static WorldSeed Parse(string text)
    {
        var isWeek = text.EndsWith(Week, StringComparison.Ordinal);
        var parts = (isWeek ? text[..^Week.Length] : text).Split('@');
        var hex = parts[0].StartsWith("0x", StringComparison.OrdinalIgnoreCase) ? parts[0][2..] : parts[0];
        return new(ulong.Parse(hex, NumberStyles.HexNumber, CultureInfo.InvariantCulture),
            parts.Length > 1 ? int.Parse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture) : TruckWorld.UsualIntervalMs, isWeek);
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"0x{Seed:x}{(IntervalMs == TruckWorld.UsualIntervalMs ? "" : $"@{IntervalMs}")}{(IsWeek ? Week : "")}");
}

/// <summary>The file of seeds that run in every test run: one a line, then words. A seed that failed once is never taken out.</summary>
public sealed class SeedList(string path)
{
    private const string FromRoot = "Gateway.Tests/Simulation/seeds.txt";
    private static readonly Lock Gate = new();

    /// <summary>The list of the checkout that a program runs in; null when it runs outside of one.</summary>
    public static SeedList? Near(string directory)
    {
        for (var at = new DirectoryInfo(directory); at is not null; at = at.Parent)
        {
            if (Path.Combine(at.FullName, FromRoot) is var path && File.Exists(path))
            {
                return new(path);
            }
        }

        return null;
    }

    public IReadOnlyList<WorldSeed> Read() => [.. File.ReadAllLines(path).Where(line => line.StartsWith("0x", StringComparison.Ordinal))
        .Select(line => WorldSeed.Parse(line.Split(' ')[0]))];

    /// <summary>Appends a seed that failed, once.</summary>
    public void Keep(WorldSeed seed, string found)
    {
        lock (Gate)
        {
            if (!Read().Contains(seed))
            {
                File.AppendAllText(path, $"{seed} found: {found.ReplaceLineEndings(" ")}\n");
            }
        }
    }
}
