using System.Collections.Immutable;
using System.Text.Json;
using Evidence;
using Gateway.Terminal;

namespace Gateway.Hosting;

/// <summary>The status as JSON, written and read in one file so that both stay the same.</summary>
/// <remarks>Times in milliseconds and as text, temperatures in milli-degrees, raw codes as the chip gave them.</remarks>
public static class StatusJson
{
    public static string Write(GatewayStatus status) => Json.Members(writer =>
    {
        writer.WriteString("format", "coldproof-status/1");
        writer.WriteString("gateway", status.Gateway.ToString());
        writer.WriteString("activity", status.Activity);
        writer.WriteNumber("boot", status.Now.Boot);
        writer.WriteNumber("uptimeMs", status.Now.UptimeMs);
        writer.WriteTime("time", status.Now.WallMs);
        writer.WriteString("clock", status.Now.Trust.ToString());
        writer.WriteNumber("clockErrorMs", status.Now.ErrorMs);
        writer.WriteNumber("intervalMs", status.IntervalMs);
        WriteChannels(writer, status.Channels);
        writer.WriteNumber("recorded", status.Recorded);
        writer.WriteNumber("sealed", status.Sealed);
        writer.WriteNumber("anchored", status.Anchored);
        writer.WriteTime("lastSealed", status.LastSealedMs);
        writer.WriteTime("oldestWaiting", status.OldestWaitingMs);
        writer.WriteBoolean("connected", status.IsConnected);
        writer.WriteNumberOrNull("diskFreeBytes", status.DiskFreeBytes);
        writer.WriteNumberOrNull("diskTotalBytes", status.DiskTotalBytes);
        writer.WriteNumber("storeBytes", status.StoreBytes);
        writer.WriteNumber("budgetBytes", status.BudgetBytes);
        writer.WriteNumberOrNull("oldestKept", status.OldestKept);
        writer.WriteNumber("toSign", status.ToSign);
        if (status.StartGap is { } gap)
        {
            writer.WriteStartObject("startGap");
            writer.WriteTime("from", gap.FromMs);
            writer.WriteTime("to", gap.ToMs);
            writer.WriteString("cause", gap.Cause.ToString());
            writer.WriteEndObject();
        }

        writer.WriteStartArray("trouble");
        foreach (var trouble in status.Trouble)
        {
            writer.WriteStringValue(trouble);
        }

        writer.WriteEndArray();
        if (status.Replay is { } replay)
        {
            writer.WriteStartObject("replay");
            writer.WriteString("state", replay.State);
            writer.WriteNumber("rows", replay.Rows);
            writer.WriteNumber("rowsTotal", replay.RowsTotal);
            writer.WriteEndObject();
        }
    });

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <exception cref="JsonException">Not such a text.</exception>
    public static GatewayStatus Read(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            return Read(document.RootElement);
        }
        catch (Exception fault) when (fault is KeyNotFoundException or InvalidOperationException or FormatException or ArgumentException)
        {
            throw new JsonException("The text is no coldproof-status/1.", fault);
        }
    }

    private static GatewayStatus Read(JsonElement root)
    {
        var now = new Moment(root.GetProperty("boot").GetUInt32(), root.GetProperty("uptimeMs").GetInt64(),
            root.GetProperty("timeMs").GetInt64(),
            Enum.Parse<ClockTrust>(root.GetProperty("clock").GetString()!), root.GetProperty("clockErrorMs").GetUInt32());
        ReplayStatus? replay = root.TryGetProperty("replay", out var r)
            ? new(r.GetProperty("state").GetString()!, r.GetProperty("rows").GetInt32(), r.GetProperty("rowsTotal").GetInt32())
            : null;
        return new(new(Guid.Parse(root.GetProperty("gateway").GetString()!)), now, root.GetProperty("activity").GetString()!,
            [.. root.GetProperty("channels").EnumerateArray().Select((element, i) => ReadChannel(element, new((ushort)i)))],
            root.GetProperty("intervalMs").GetInt32(), root.GetProperty("recorded").GetInt64(), root.GetProperty("sealed").GetInt64(),
            root.GetProperty("anchored").GetInt64(), NumberOrNull(root, "lastSealedMs"), NumberOrNull(root, "oldestWaitingMs"),
            root.GetProperty("connected").GetBoolean(), NumberOrNull(root, "diskFreeBytes"), NumberOrNull(root, "diskTotalBytes"),
            [.. root.GetProperty("trouble").EnumerateArray().Select(element => element.GetString()!)], replay)
        {
            StoreBytes = root.GetProperty("storeBytes").GetInt64(),
            BudgetBytes = root.GetProperty("budgetBytes").GetInt64(),
            OldestKept = NumberOrNull(root, "oldestKept"),
            ToSign = root.GetProperty("toSign").GetInt64(),
            StartGap = root.TryGetProperty("startGap", out var gap)
                ? new(gap.GetProperty("fromMs").GetInt64(), gap.GetProperty("toMs").GetInt64(), Enum.Parse<GapCause>(gap.GetProperty("cause").GetString()!))
                : null,
        };
    }

    private static void WriteChannels(Utf8JsonWriter writer, ImmutableArray<ChannelStatus> channels)
    {
        writer.WriteStartArray("channels");
        for (var i = 0; i < channels.Length; i++)
        {
            var channel = channels[i];
            writer.WriteStartObject();
            writer.WriteNumber("channel", i);
            writer.WriteString("place", channel.Place);
            writer.WriteString("serial", channel.Serial);
            writer.WriteNumber("lowMilliCelsius", channel.Low.Value);
            writer.WriteNumber("highMilliCelsius", channel.High.Value);
            writer.WriteString("outcome", channel.Last.Outcome.ToString());
            writer.WriteNumberOrNull("milliCelsius", channel.Last.Temperature?.Value);
            writer.WriteNumber("rawCode", channel.Last.RawCode);
            writer.WriteTime("time", channel.Last.Outcome == Outcome.NotSampled ? null : channel.Last.Moment.WallMs);
            writer.WriteStartArray("lastHour");
            foreach (var value in channel.LastHour)
            {
                if (value is { } number)
                {
                    writer.WriteNumberValue(number);
                }
                else
                {
                    writer.WriteNullValue();
                }
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static ChannelStatus ReadChannel(JsonElement element, ChannelId channel)
    {
        var outcome = Enum.Parse<Outcome>(element.GetProperty("outcome").GetString()!);
        var moment = default(Moment) with { WallMs = NumberOrNull(element, "timeMs") ?? 0 };
        var code = element.GetProperty("rawCode").GetInt32();
        var last = outcome switch
        {
            Outcome.NotSampled => default,
            Outcome.Measured => Reading.Measured(channel, moment, new(element.GetProperty("milliCelsius").GetInt32()), code),
            _ => Reading.Missing(channel, moment, outcome, code),
        };
        return new(element.GetProperty("place").GetString()!, element.GetProperty("serial").GetString()!,
            new(element.GetProperty("lowMilliCelsius").GetInt32()), new(element.GetProperty("highMilliCelsius").GetInt32()), last,
            [.. element.GetProperty("lastHour").EnumerateArray().Select(value => value.ValueKind == JsonValueKind.Null ? (int?)null
                : value.GetInt32())]);
    }

    private static long? NumberOrNull(JsonElement element, string name) =>
        element.GetProperty(name) is { ValueKind: JsonValueKind.Number } number ? number.GetInt64() : null;
}
