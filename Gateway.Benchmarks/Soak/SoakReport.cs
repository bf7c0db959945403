using System.Globalization;

namespace Gateway.Benchmarks;

/// <summary>What the samples say: at the start, at the end, and how steep the line between is.</summary>
internal static class SoakReport
{
    private const double DaySeconds = 86_400, MiB = 1024.0 * 1024;

    /// <summary>One line a minute, so that whoever watches sees it work.</summary>
    public static void PrintLine(SoakSample sample) => Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
        $"soak: {sample.AtSeconds / 60,5:0.0} min  gateway process {sample.Process + 1}, {sample.GatewayAgeSeconds / 60:0.0} min old: RSS "
        + $"{sample.Gateway.RssKiB / 1024.0:0.0} MiB, private {sample.Gateway.PrivateKiB / 1024.0:0.0}, {sample.Gateway.Handles} handles, "
        + $"{sample.Gateway.Threads} threads; ledger {(sample.Ledger is { } ledger ? $"RSS {ledger.RssKiB / 1024.0:0.0} MiB, {ledger.Handles} handles" : "down")}"));

    public static void Print(SoakPlan plan, SoakStage stage, List<SoakSample> samples, SortedDictionary<string, int> faults)
    {
        if (samples.Count < 4)
        {
            Console.WriteLine("soak: too short for any slope; give --minutes 2 or more.");
            return;
        }

        var last = samples.Where(sample => sample.Process == samples[^1].Process).ToList();
        var young = last.FirstOrDefault(sample => sample.GatewayAgeSeconds >= 300) ?? last[0];
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"soak: {samples[^1].AtSeconds / 60:0.0} minutes, seed {plan.Seed}, {SoakPlan.Probes} probes each {SoakPlan.IntervalMs} ms, batches of at "
            + $"most {plan.SealSeconds} s; {stage.Restarts + 1} gateway processes, the last watched for {last[^1].GatewayAgeSeconds / 60:0.0} min"));
        Console.WriteLine("soak: done to it: " + string.Join(", ", faults.Select(fault => $"{fault.Key} {fault.Value}")) + ", and one kill at the end");
        Pair("RSS", "MiB", young, last[^1], sample => sample.Gateway.RssKiB / 1024.0, last, "KiB");
        Pair("private memory", "MiB", young, last[^1], sample => sample.Gateway.PrivateKiB / 1024.0, last, "KiB");
        Pair("handles", "", young, last[^1], sample => sample.Gateway.Handles, last, "");
        Pair("threads", "", young, last[^1], sample => sample.Gateway.Threads, last, "");
        var both = last.Where(sample => sample.Ledger is not null).ToList();
        if (both.Count >= 4)
        {
            Pair("ledger's RSS (new after each kill)", "MiB", both[0], both[^1], sample => sample.Ledger!.Value.RssKiB / 1024.0, [], "");
            Pair("ledger's handles", "", both[0], both[^1], sample => sample.Ledger!.Value.Handles, [], "");
        }

        if (samples[^1].DeviceBytes is not null)
        {
            Rate("disk, sectors of the gateway's own block device", samples, sample => sample.DeviceBytes ?? 0);
        }

        Rate("disk, pages made dirty (write_bytes)", samples, sample => sample.WrittenBytes);
        Rate("wire, both ways", samples, sample => sample.WireBytes);
        foreach (var kind in samples[^1].Files.Keys)
        {
            Rate($"files, {kind} ({samples[^1].Files[kind] / MiB:0.0} MiB at the end)", samples, sample => sample.Files.GetValueOrDefault(kind));
        }
    }

    private static void Pair(string what, string unit, SoakSample young, SoakSample old, Func<SoakSample, double> value, List<SoakSample> all,
        string slopeUnit)
    {
        var slope = all.Count >= 8
            ? string.Create(CultureInfo.InvariantCulture,
                $"; over its last half {Slope(all.Skip(all.Count / 2).ToList(), value) * 3_600 * (slopeUnit == "KiB" ? 1024 : 1):+0.0;-0.0;0} {slopeUnit} an hour")
            : "";
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"soak: {what}: {value(young):0.0} {unit} at {young.GatewayAgeSeconds / 60:0.0} min, {value(old):0.0} {unit} at {old.GatewayAgeSeconds / 60:0.0} min")
            + slope);
    }

    /// <summary>Bytes a day, from the first quarter and from the last.</summary>
    private static void Rate(string what, List<SoakSample> samples, Func<SoakSample, long> value)
    {
        double PerDay(List<SoakSample> part) => Slope(part, sample => value(sample)) * DaySeconds;
        var quarter = Math.Max(2, samples.Count / 4);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"soak: {what}: {PerDay(samples[..quarter]) / MiB:0.0} MiB a day in the first quarter, {PerDay(samples[^quarter..]) / MiB:0.0} in the last, "
            + $"{PerDay(samples) / MiB:0.0} over all"));
    }

    /// <summary>Least squares, a second.</summary>
    private static double Slope(List<SoakSample> samples, Func<SoakSample, double> value)
    {
        var (x, y) = (samples.Average(sample => sample.AtSeconds), samples.Average(value));
        var spread = samples.Sum(sample => (sample.AtSeconds - x) * (sample.AtSeconds - x));
        return spread == 0 ? 0 : samples.Sum(sample => (sample.AtSeconds - x) * (value(sample) - y)) / spread;
    }
}
