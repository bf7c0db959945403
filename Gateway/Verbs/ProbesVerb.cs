using System.CommandLine;
using System.Device.I2c;
using System.Globalization;
using System.Text.Json;
using Evidence;
using Gateway.Configuration;
using Gateway.Terminal;
using Sensors;
using Sensors.Emulation;

namespace Gateway.Verbs;

/// <summary><c>gateway probes</c>: who answers on the bus, what it measures, and what is wrong, in words.</summary>
public static class ProbesVerb
{
    public static Command Create(Screen screen, TimeProvider clock)
    {
        var config = CommonOptions.Config();
        var bus = new Option<int?>("--bus") { Description = "N of /dev/i2c-N; default: every bus of the settings, or 1." };
        var emulate = new Option<bool>("--emulate")
        {
            Description = "Scan the modelled truck of `gateway run --emulate` instead of real "
            + "wires."
        };
        var json = CommonOptions.Json();
        var verb = new Command("probes", "Scan the I2C buses. Stop the gateway first: two readers disturb each other. Exit: 0 all well, "
            + "1 something is wrong, 78 settings.")
        {
            config, bus, emulate, json,
        };
        verb.SetAction(parsed =>
        {
            var settings = CommonOptions.Settings(screen, parsed.GetValue(config), null, needsProbes: false);
            if (settings is null)
            {
                return ExitCode.Configuration;
            }

            using var truck = parsed.GetValue(emulate) ? EmulatedTruck.Modelled(seed: 1) : null;
            truck?.MoveTo(clock.GetUtcNow().ToUnixTimeMilliseconds());
            IReadOnlyCollection<ProbeSettings> probes = truck is null ? [.. settings.Probes.Select(probe => probe.Probe)] : truck.Probes;
            Func<int, I2cBus> open = truck is null ? I2cBus.Create : truck.Open;
            int[] buses = parsed.GetValue(bus) is { } one ? [one]
                : [.. probes.Select(probe => probe.Bus).DefaultIfEmpty(1).Distinct().Order()];
            var reports = buses.Select(number => (Bus: number, Report: ProbeScan.Run(number, open, probes, clock))).ToList();
            if (parsed.GetValue(json))
            {
                screen.Line(Json.Members(writer => Write(writer, reports)));
            }
            else
            {
                reports.ForEach(report => Write(screen, report.Bus, report.Report));
            }

            return reports.TrueForAll(report => report.Report.BusProblem.Length == 0 && report.Report.Rows.All(row =>
                row.Problem.Length == 0))
                ? ExitCode.Done : ExitCode.Failed;
        });
        return verb;
    }

    private static void Write(Screen screen, int bus, ProbeScanReport report)
    {
        screen.Line(screen.Strong($"Bus {bus} (/dev/i2c-{bus})"));
        if (report.BusProblem.Length > 0)
        {
            screen.Line("  " + screen.Warning("▲ " + report.BusProblem));
        }
        else if (report.Rows.IsEmpty)
        {
            screen.Line("  " + screen.Warning("▲ Nobody answers. Push the plugs in until they click, and check the supply."));
        }

        foreach (var row in report.Rows)
        {
            var code = row.RawCode is { } raw ? string.Create(CultureInfo.InvariantCulture, $"code 0x{unchecked((ushort)raw):X4}") : "";
            var temperature = row.Temperature is { } celsius ? $"{celsius} °C" : row.Outcome == Outcome.NotSampled ? ""
                : row.Outcome.ToString();
            var mark = row.Problem.Length == 0 ? screen.Ok("✓") : screen.Warning("▲");
            screen.Line($"  {mark} {Place(row),-14} {(row.Channel is { } channel ? $"channel {channel}" : ""),-10} {row.Chip,-9} "
                + $"{temperature,14}  {code,-11}  {row.Identity}");
            if (row.Problem.Length > 0)
            {
                screen.Line("      " + row.Problem);
            }
        }
    }

    private static string Place(ProbeScanRow row) => row.MuxAddress is { } mux
        ? string.Create(CultureInfo.InvariantCulture, $"0x{mux:X2}/{row.MuxChannel} 0x{row.Address:X2}")
        : string.Create(CultureInfo.InvariantCulture, $"0x{row.Address:X2}");

    private static void Write(Utf8JsonWriter writer, List<(int Bus, ProbeScanReport Report)> reports)
    {
        writer.WriteStartArray("buses");
        foreach (var (bus, report) in reports)
        {
            writer.WriteStartObject();
            writer.WriteNumber("bus", bus);
            writer.WriteString("problem", report.BusProblem);
            writer.WriteStartArray("probes");
            foreach (var row in report.Rows)
            {
                writer.WriteStartObject();
                writer.WriteNumber("address", row.Address);
                writer.WriteNumberOrNull("muxAddress", row.MuxAddress);
                writer.WriteNumberOrNull("muxChannel", row.MuxChannel);
                writer.WriteNumberOrNull("channel", row.Channel);
                writer.WriteString("chip", row.Chip);
                writer.WriteString("identity", row.Identity);
                writer.WriteString("outcome", row.Outcome.ToString());
                writer.WriteNumberOrNull("rawCode", row.RawCode);
                writer.WriteNumberOrNull("milliCelsius", row.Temperature?.Value);
                writer.WriteString("problem", row.Problem);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }
}
