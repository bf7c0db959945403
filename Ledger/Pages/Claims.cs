using Evidence;

namespace Ledger.Pages;

/// <summary>What the page and the printed report say of a channel: the answer, and below the level of readings what the gateway claims.</summary>
internal static class Claims
{
    /// <summary>The answer as it is written large, for one channel or several; the regulator's page has the same rule. At the level of headers nothing
    /// is known, which is neither "in range" nor "no data"; and "no data" is for a part of the time only where there are data for another.</summary>
    public static string Headline(Texts texts, DisclosureLevel level, Answer answer, params IEnumerable<ChannelVerdict> channels) =>
        texts[level == DisclosureLevel.Headers ? "answer.undisclosed"
            : answer == Answer.NoData && channels.All(channel => channel.Intervals.All(interval => interval.Answer == Answer.NoData)) ? "answer.Nothing"
            : "answer." + answer];

    /// <summary>Below the level of readings: what the gateway claims of this channel.</summary>
    public static string Say(Texts texts, DisclosureLevel level, ChannelVerdict channel)
    {
        if (level == DisclosureLevel.Headers)
        {
            return texts["claims.headers"];
        }

        var intervals = channel.Intervals;
        var claimed = texts.Format("claims.verdict", texts.Number(intervals.Sum(interval => interval.Readings)), texts.Number(intervals.Length),
            texts.Number(intervals.Count(interval => interval.Answer == Answer.OutOfRange)),
            texts.Number(intervals.Count(interval => interval.Answer == Answer.NoData)));
        var (min, max) = (intervals.Min(interval => interval.Min?.Value), intervals.Max(interval => interval.Max?.Value));
        return min is { } lowest && max is { } highest
            ? claimed + " " + texts.Format("claims.extremes", texts.Temperature(new(lowest)), texts.Temperature(new(highest)))
            : claimed;
    }
}
