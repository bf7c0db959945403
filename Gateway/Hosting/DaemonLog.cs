using Evidence;
using Microsoft.Extensions.Logging;

namespace Gateway.Hosting;

/// <summary>Every line that the gateway logs: state changes with numbers. The ids are stable; tests and alarms name them.</summary>
internal static partial class DaemonLog
{
    [LoggerMessage(1000, LogLevel.Information, "Gateway {Gateway}, boot {Boot}: {Probes} probes, a round every {IntervalMs} ms, status "
        + "at http://{Listen}/status")]
    public static partial void Started(ILogger log, GatewayId gateway, uint boot, int probes, int intervalMs, string listen);

    [LoggerMessage(1001, LogLevel.Information, "Stopped in an orderly way: {Recorded} readings recorded, {Waiting} batches wait for "
        + "their receipts")]
    public static partial void Stopped(ILogger log, long recorded, long waiting);

    [LoggerMessage(1002, LogLevel.Critical, "The cycle broke. What is recorded is safe; run `gateway fsck` before going on.")]
    public static partial void CycleBroke(ILogger log, Exception fault);

    [LoggerMessage(1003, LogLevel.Error, "The status page cannot be at http://{Listen}: {Trouble}. Recording goes on without it. `ss -ltnp` shows who "
        + "has a port; then start the gateway again.")]
    public static partial void StatusElsewhere(ILogger log, string listen, string trouble);

    [LoggerMessage(1004, LogLevel.Warning, "The run before ended without saying goodbye: power was lost, or the program was killed or had no memory "
        + "left. Nothing was recorded for {Gap} after {Last}: a declared gap. All that was recorded before is here.")]
    public static partial void EndedUntold(ILogger log, string gap, string last);

    [LoggerMessage(1005, LogLevel.Error, "The gateway's key or identity: {Trouble}")]
    public static partial void KeyTrouble(ILogger log, string trouble);

    [LoggerMessage(1006, LogLevel.Information, "The gateway's key and identity are right again. {ToSign} closed batches are signed now.")]
    public static partial void KeyBack(ILogger log, int toSign);

    [LoggerMessage(1007, LogLevel.Error, "{Trouble} Tried {Tries} of {TriesMax} times; then it is set aside, its gap declared, and recording goes on.")]
    public static partial void SegmentUnreadable(ILogger log, string trouble, int tries, int triesMax);

    [LoggerMessage(1100, LogLevel.Warning, "{Missed} rounds came too late and were not taken: a declared gap of {GapMs} ms. Is the "
        + "machine overloaded, or was it suspended?")]
    public static partial void RoundsMissed(ILogger log, long missed, long gapMs);

    [LoggerMessage(1203, LogLevel.Warning, "Channel {Channel}: {Outcome}. {Advice}")]
    public static partial void ChannelFailed(ILogger log, ChannelId channel, Outcome outcome, string advice);

    [LoggerMessage(1204, LogLevel.Information, "Channel {Channel} measures again after {Consecutive} failed readings")]
    public static partial void ChannelBack(ILogger log, ChannelId channel, int consecutive);

    [LoggerMessage(1205, LogLevel.Warning, "Channel {Channel}: calibration certificate {Certificate} has ended. Recording goes on; have "
        + "the probe calibrated.")]
    public static partial void CalibrationExpired(ILogger log, ChannelId channel, string certificate);

    [LoggerMessage(1206, LogLevel.Warning, "Channel {Channel}: another chip than before. {Words} Was the probe exchanged?")]
    public static partial void ProbeSwapped(ILogger log, ChannelId channel, string words);

    [LoggerMessage(1207, LogLevel.Warning, "Recorded as a change of settings that touch evidence: {Words}")]
    public static partial void SettingChanged(ILogger log, string words);

    [LoggerMessage(1401, LogLevel.Information, "All {Count} batches are anchored")]
    public static partial void AllAnchored(ILogger log, long count);

    [LoggerMessage(1500, LogLevel.Information, "Replay: the trip has a gap of {GapMs} ms here. Power is off: waiting to be killed.")]
    public static partial void AtGap(ILogger log, long gapMs);

    [LoggerMessage(1501, LogLevel.Information, "Replay: the trip is over, {Rows} rows recorded")]
    public static partial void TripOver(ILogger log, int rows);
}
