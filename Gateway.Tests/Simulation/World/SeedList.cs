using System.Globalization;

namespace Gateway.Tests.Simulation;

/// <summary>One world to drive: its seed, and the time from one round to the next.</summary>
public readonly record struct WorldSeed(ulong Seed, int IntervalMs)
{
    /// <summary>`0x2a`, or `0x2a@60000` when the interval is not the usual one.</summary>
    /// <exception cref="FormatException">Neither.</exception>
    public static WorldSeed Parse(string text)
    {
        var parts = text.Split('@');
        var hex = parts[0].StartsWith("0x", StringComparison.OrdinalIgnoreCase) ? parts[0][2..] : parts[0];
        return new(ulong.Parse(hex, NumberStyles.HexNumber, CultureInfo.InvariantCulture),
            parts.Length > 1 ? int.Parse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture) : TruckWorld.UsualIntervalMs);
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"0x{Seed:x}{(IntervalMs == TruckWorld.UsualIntervalMs ? "" : $"@{IntervalMs}")}");
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
