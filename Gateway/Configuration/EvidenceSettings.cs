using System.Collections.Immutable;
using System.Globalization;
using Sensors;

namespace Gateway.Configuration;

/// <summary>The settings that touch evidence and that the manifest does not fix: what the record must tell when they change.</summary>
/// <remarks>Place, serial, limits, interval and certificate are the manifest's: the gateway does not start with others. A correction stands
/// in the settings alone; the manifest has its certificate's hash.</remarks>
public static class EvidenceSettings
{
    /// <summary>Name and value of each, in order; a value has at most some dozen characters.</summary>
    public static ImmutableArray<(string Name, string Value)> Of(GatewaySettings settings, ImmutableArray<ConfiguredProbe> probes) =>
    [
        ("sealing.age", $"{Number(settings.SealAgeMaxSeconds)} s"),
        ("sealing.leaves", Number(settings.LeavesMax)),
        ("sampling.deadline", $"{Number(settings.DeadlineMs)} ms"),
        .. probes.SelectMany(probe => Of(probe.Probe)),
    ];

    private static IEnumerable<(string Name, string Value)> Of(ProbeSettings probe)
    {
        var name = $"probe {Number(probe.Channel)}";
        yield return ($"{name} chip", probe.Thermocouple == default ? $"{probe.Chip}" : $"{probe.Chip}, type {probe.Thermocouple}");
        yield return ($"{name} wire", $"bus {Number(probe.Bus)}, {Hex(probe.Address)}"
            + (probe.MuxAddress is { } mux ? $" behind {Hex(mux)}/{Number(probe.MuxChannel ?? 0)}" : ""));
        yield return ($"{name} range", $"{Milli(probe.ColdestMilliCelsius)} to {Milli(probe.WarmestMilliCelsius)}");
        yield return ($"{name} correction", probe.Calibration is { } calibration ? Words(calibration) : "none");
    }

    private static string Words(CalibrationSettings calibration) => calibration.OffsetMilliCelsius is { } offset
        ? $"{Number(offset)} m°C everywhere"
        : $"{Number(calibration.FirstShownMilliCelsius)} is {Number(calibration.FirstTrueMilliCelsius)}, "
            + $"{Number(calibration.SecondShownMilliCelsius)} is {Number(calibration.SecondTrueMilliCelsius)} m°C";

    private static string Milli(int? limit) => limit is { } known ? $"{Number(known)} m°C" : "the chip's";

    private static string Number(int? number) => number?.ToString(CultureInfo.InvariantCulture) ?? "";

    private static string Hex(int address) => string.Create(CultureInfo.InvariantCulture, $"0x{address:X2}");
}
