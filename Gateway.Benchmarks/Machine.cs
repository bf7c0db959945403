using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Gateway.Benchmarks;

/// <summary>What a number was measured on, and how a median is taken.</summary>
internal static class Machine
{
    public static void Print()
    {
        var cpu = File.ReadLines("/proc/cpuinfo").FirstOrDefault(line =>
            line.StartsWith("model name", StringComparison.Ordinal))?.Split(':')[1].Trim();
        Console.WriteLine($"machine: {cpu ?? RuntimeInformation.ProcessArchitecture.ToString()}, {Environment.ProcessorCount} cores, "
            + $"{RuntimeInformation.OSDescription}, {RuntimeInformation.FrameworkDescription}, load "
                + $"{File.ReadAllText("/proc/loadavg").Split(' ')[0]}");
    }

    /// <summary>Median, least and most of some runs, in milliseconds, after one that does not count.</summary>
    public static (double Median, double Min, double Max) Time(int runs, Action work)
    {
        work();
        var times = new double[runs];
        for (var i = 0; i < runs; i++)
        {
            var start = Stopwatch.GetTimestamp();
            work();
            times[i] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }

        Array.Sort(times);
        return (times[runs / 2], times[0], times[^1]);
    }

    public static string Ms((double Median, double Min, double Max) time) =>
        string.Create(CultureInfo.InvariantCulture, $"{time.Median:0.00} ms (min {time.Min:0.00}, max {time.Max:0.00})");
}
