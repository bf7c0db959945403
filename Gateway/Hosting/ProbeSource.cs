using System.Collections.Immutable;
using System.CommandLine;
using System.Device.I2c;
using Evidence;
using Gateway.Configuration;
using Gateway.Verbs;
using Sensors.Emulation;

namespace Gateway.Hosting;

/// <summary>Emulated probes instead of configured ones: a modelled truck, or a real trip played back. Manifests and verdicts say
/// so.</summary>
public sealed class ProbeSource : IDisposable
{
    private const int Low = 2_000, High = 8_000;

    private ProbeSource(EmulatedTruck truck, ReplayTrip? trip)
    {
        Truck = truck;
        Trip = trip;
        Configured = [.. truck.Probes.Select(probe => new ConfiguredProbe(probe, new MilliCelsius(Low), new MilliCelsius(High)))];
    }

    public EmulatedTruck Truck { get; }

    /// <summary>The trip that is played back; null for the modelled truck.</summary>
    public ReplayTrip? Trip { get; }

    public ImmutableArray<ConfiguredProbe> Configured { get; }

    public I2cBus Open(int number) => Truck.Open(number);

    public void Dispose() => Truck.Dispose();

    public static ProbeOptions Options() => new(
        new("--emulate") { Description = "Emulated chips in a modelled truck, in real time; the manifest says so." },
        new("--emulate-probes")
        {
            Description = $"How many probes the modelled truck has, 1 to {EmulatedTruck.ModelledProbesMax}. Default: "
                + $"{EmulatedTruck.ModelledProbes}.",
            DefaultValueFactory = _ => EmulatedTruck.ModelledProbes,
        },
        new("--emulate-mishaps") { Description = "A seed: cables and chips of the modelled truck fail now and then, drawn from it." },
        new("--replay")
        {
            Description = "Emulated chips that play back a logger's trip as fast as work allows: FILE (Fridge-tag text export), or "
                + "`bundled`.",
            Arity = ArgumentArity.ZeroOrOne,
        });

    /// <summary>What the command line asks for; null for the real probes.</summary>
    /// <exception cref="VerbException">The trip's file cannot be read, or there are not so many probes.</exception>
    public static ProbeSource? Choose(ParseResult parsed, ProbeOptions options)
    {
        if (parsed.GetResult(options.Replay) is not null)
        {
            var trip = Read(parsed.GetValue(options.Replay) ?? "bundled");
            return new(EmulatedTruck.Replaying(trip), trip);
        }

        if (!parsed.GetValue(options.Emulate))
        {
            return null;
        }

        var probes = parsed.GetValue(options.Probes);
        return probes is >= 1 and <= EmulatedTruck.ModelledProbesMax
            ? new(EmulatedTruck.Modelled(seed: 1, probes, parsed.GetValue(options.Mishaps)), null)
            : throw new VerbException($"--emulate-probes is {probes}; give 1 to {EmulatedTruck.ModelledProbesMax}.") { Code = ExitCode.Usage };
    }

    private static ReplayTrip Read(string file)
    {
        if (file == "bundled")
        {
            return ReplayTrip.BundledFridgeTag();
        }

        try
        {
            return new FileInfo(file).Length <= LoggerFile.LengthMax
                ? new(LoggerFile.Parse(File.ReadAllText(file, System.Text.Encoding.ASCII)))
                : throw new VerbException($"{file} is longer than {LoggerFile.LengthMax} bytes; no logger export is. Is it the right "
                    + $"file?");
        }
        catch (LoggerFileException fault)
        {
            throw new VerbException($"{file} is no trip that can be replayed. {fault.Message}", fault);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new VerbException($"The trip {file} cannot be read: {fault.Message} Check the path.", fault);
        }
    }
}

/// <summary>The options that choose emulated probes.</summary>
public sealed record ProbeOptions(Option<bool> Emulate, Option<int> Probes, Option<ulong?> Mishaps, Option<string?> Replay);
