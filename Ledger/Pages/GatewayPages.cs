using System.Globalization;
using Evidence;
using Ledger.Hosting;
using Ledger.Store;
using Microsoft.EntityFrameworkCore;

namespace Ledger.Pages;

/// <summary>The list of gateways and the page of each: what is enrolled, what came last, and the days one can look at.</summary>
internal static class GatewayPages
{
    private const long DayMs = 86_400_000;
    private const int DaysMax = 92;
    private const int GatewaysMax = 1_000;

    public static string List(PageRequest request, LedgerCore core)
    {
        var texts = request.Texts;
        using var context = core.Store.Read();
        var known = context.Manifests.Select(row => row.Gateway).Distinct().OrderBy(id => id).Take(GatewaysMax).ToList();
        var html = PageFrame.Begin(request, texts["gateways"]);
        html.Add($"<h1>{texts["gateways"]}</h1>");
        if (known.Count == 0)
        {
            html.Add($"<p>{texts["gateways.none"]}</p>");
            return PageFrame.End(html, request);
        }

        html.Add($"<ul class=\"plain days\">");
        foreach (var id in known)
        {
            var last = context.Batches.Where(row => row.Gateway == id).OrderByDescending(row => row.Number)
                .Select(row => new { row.Number, row.ClosedMs }).FirstOrDefault();
            var gateway = new GatewayId(id).ToString();
            html.Add($"<li><a href=\"/g/{gateway}{request.Query()}\">{gateway}</a> <span class=\"quiet\">");
            html.Add($"{Standing(request, last?.Number, last?.ClosedMs)}</span></li>");
        }

        html.Add($"</ul>");
        return PageFrame.End(html, request);
    }

    public static string Gateway(PageRequest request, LedgerCore core, GatewayId gateway)
    {
        var texts = request.Texts;
        using var context = core.Store.Read();
        var html = PageFrame.Begin(request, texts.Format("gateway", gateway));
        html.Add($"<h1>{texts.Format("gateway", gateway)}</h1>");
        WriteStanding(html, request, context, gateway);
        var manifest = Manifest.Decode(core.Store.Manifests(gateway.Value)[^1].Statement);
        WriteProbes(html, request, manifest, LastReadings(context, gateway));
        WriteDays(html, request, context, gateway);
        return PageFrame.End(html, request);
    }

    /// <summary>The window of the whole record; null while there is none.</summary>
    public static TimeWindow? Whole(LedgerContext context, GatewayId gateway)
    {
        var batches = context.Batches.Where(row => row.Gateway == gateway.Value);
        return batches.Min(row => (long?)row.OpenedMs) is { } from && batches.Max(row => (long?)row.ClosedMs) is { } to
            ? new(from, to) : null;
    }

    private static void WriteStanding(Html html, PageRequest request, LedgerContext context, GatewayId gateway)
    {
        var texts = request.Texts;
        var conflicts = context.Conflicts.Count(row => row.Gateway == gateway.Value);
        if (conflicts > 0)
        {
            html.Add($"<section class=\"verdict failed\" role=\"status\">{PageFrame.Cross}<div>" +
                $"<p>{texts.Format("gateway.conflict", conflicts)}</p></div></section>");
        }

        var last = context.Batches.Where(row => row.Gateway == gateway.Value).OrderByDescending(row => row.Number)
            .Select(row => new { row.Number, row.ClosedMs }).FirstOrDefault();
        html.Add($"<p>{Standing(request, last?.Number, last?.ClosedMs)}</p>");
        if (context.RefusalCounts.Where(row => row.Gateway == gateway.Value).Select(row => row.Count)
            .FirstOrDefault() is > 0 and var refused)
        {
            html.Add($"<p>{texts.Format("gateway.refused", texts.Number(refused))}</p>");
        }
    }

    private static void WriteProbes(Html html, PageRequest request, Manifest manifest, Dictionary<int,
        (long TimeMs, BatchSample Sample)> last)
    {
        var texts = request.Texts;
        var table = new StackTable(texts["place"], texts["serial"], texts["limits"], texts["last"]);
        for (var i = 0; i < manifest.Channels.Length; i++)
        {
            var probe = manifest.Channels[i];
            var newest = !last.TryGetValue(i, out var reading) ? "–"
                : (reading.Sample.Temperature is { } temperature ? texts.Temperature(temperature) : texts.Or("causes." + reading.Sample.Outcome, "–"))
                    + ", " + request.Time(reading.TimeMs);
            table.Row(StackTable.Quoted(probe.Place), StackTable.Quoted(probe.Serial),
                StackTable.Text($"{texts.Temperature(probe.Low)} – {texts.Temperature(probe.High)}"), StackTable.Text(newest));
        }

        html.Add($"<h2>{texts["probes"]}</h2>{table.Write(texts)}");
    }

    private static void WriteDays(Html html, PageRequest request, LedgerContext context, GatewayId gateway)
    {
        var texts = request.Texts;
        if (Whole(context, gateway) is not { } whole)
        {
            return;
        }

        var days = context.Batches.Where(row => row.Gateway == gateway.Value).GroupBy(row => row.OpenedMs / DayMs)
            .Select(day => new { Day = day.Key, Rounds = day.Sum(row => row.Rounds) }).OrderByDescending(day => day.Day).Take(DaysMax)
                .ToList();
        html.Add($"<h2>{texts["days"]}</h2><p><a class=\"button\" href=\"/g/{gateway.ToString()}/{whole.ToString()}{request.Query()}" +
            $"\">{texts["gateway.whole"]}</a></p><ul class=\"plain days\">");
        foreach (var day in days)
        {
            // The first and the last day end where the record does: beyond it nothing can be complete.
            var window = new TimeWindow(Math.Max(whole.FromMs, day.Day * DayMs), Math.Min(whole.ToMs, ((day.Day + 1) * DayMs) - 1_000));
            var name = DateTimeOffset.FromUnixTimeMilliseconds(day.Day * DayMs).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
            html.Add($"<li><a href=\"/g/{gateway.ToString()}/{window.ToString()}{request.Query()}\">{name}</a> " +
                $"<span class=\"quiet\">{texts.Format("days.readings", texts.Number(day.Rounds))}</span></li>");
        }

        html.Add($"</ul>");
    }

    private static Dictionary<int, (long TimeMs, BatchSample Sample)> LastReadings(LedgerContext context, GatewayId gateway)
    {
        var body = context.Batches.Where(row => row.Gateway == gateway.Value && row.Rounds > 0 && row.Body != BatchRow.NoBody).OrderByDescending(row => row.Number)
            .Select(row => row.Body).FirstOrDefault();
        if (body is null)
        {
            return [];
        }

        var unpacked = BodyPacking.Unpack(body);
        return unpacked.Channels.Index().ToDictionary(channel => channel.Index, channel => (unpacked.Rounds[^1], channel.Item.Samples[^1]));
    }

    private static string Standing(PageRequest request, long? lastNumber, long? closedMs) =>
        lastNumber is { } number && closedMs is { } sealedMs
        ? request.Texts.Format("gateway.batches", request.Texts.Number(number + 1), request.Time(sealedMs))
        : request.Texts["gateway.nobatch"];
}
