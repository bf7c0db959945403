using System.Buffers;
using System.Globalization;
using System.Text;
using Evidence;

namespace Ledger.Pages;

/// <summary>readings.csv of a window, for people and their programs (docs/formats.md). It proves nothing alone; the regulator's page
/// compares it with the bundle.</summary>
public static class ReadingsCsv
{
    public static byte[] Write(Verdict verdict)
    {
        var bytes = new ArrayBufferWriter<byte>();
        bytes.Write("channel,sequence,time_utc,temperature_c,status\n"u8);
        Span<char> line = stackalloc char[128];
        foreach (var channel in verdict.Channels)
        {
            foreach (var reading in channel.Readings)
            {
                var time = DateTimeOffset.FromUnixTimeMilliseconds(reading.TimeMs);
                var temperature = reading.Temperature?.Value / 1000m;
                line.TryWrite(CultureInfo.InvariantCulture,
                    $"{channel.Channel.Value},{reading.Sequence},{time:yyyy-MM-ddTHH:mm:ss.fff}Z,{temperature:0.000},{Status.FromOutcome(reading.Outcome)}\n",
                    out var length);
                Encoding.ASCII.GetBytes(line[..length], bytes);
            }
        }

        return bytes.WrittenSpan.ToArray();
    }
}
