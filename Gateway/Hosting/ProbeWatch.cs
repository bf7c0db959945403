using System.Collections.Immutable;
using Evidence;
using Gateway.Configuration;
using Microsoft.Extensions.Logging;
using Sensors;

namespace Gateway.Hosting;

/// <summary>Says once when a probe begins to fail, once when it is back, and once a session when its certificate has ended.</summary>
internal sealed class ProbeWatch(ImmutableArray<ConfiguredProbe> probes, ILogger log)
{
    private readonly int[] failures = new int[probes.Length];
    private readonly Outcome[] last = new Outcome[probes.Length];
    private readonly bool[] isExpired = new bool[probes.Length];

    /// <summary>What a person has to look at, a sentence each.</summary>
    public IEnumerable<string> Troubles
    {
        get
        {
            for (var i = 0; i < probes.Length; i++)
            {
                if (failures[i] > 0)
                {
                    yield return $"{probes[i].Probe.Place}: {last[i]}, {failures[i]} in a row. {ProbeAdvice.For(last[i])}";
                }

                if (isExpired[i])
                {
                    yield return $"{probes[i].Probe.Place}: certificate {probes[i].Probe.Calibration!.Certificate} has ended. Have the "
                        + $"probe calibrated; recording goes on.";
                }
            }
        }
    }

    public void Saw(Reading reading)
    {
        int i = reading.Channel.Value;
        if (reading.Outcome == Outcome.Measured)
        {
            if (failures[i] > 0)
            {
                DaemonLog.ChannelBack(log, reading.Channel, failures[i]);
            }

            failures[i] = 0;
            return;
        }

        if (failures[i]++ == 0 || last[i] != reading.Outcome)
        {
            DaemonLog.ChannelFailed(log, reading.Channel, reading.Outcome, ProbeAdvice.For(reading.Outcome));
        }

        last[i] = reading.Outcome;
    }

    /// <summary>The certificates that have ended since they were last looked at. A clock that nobody set proves no date.</summary>
    public IEnumerable<BatchEvent> Expired(Moment now)
    {
        for (var i = 0; i < probes.Length; i++)
        {
            if (!isExpired[i] && now.Trust != ClockTrust.Unset && probes[i].Probe.Calibration is { } calibration
                && calibration.ToCalibration().IsExpired(now.WallMs))
            {
                isExpired[i] = true;
                var channel = new ChannelId((ushort)i);
                DaemonLog.CalibrationExpired(log, channel, calibration.Certificate);
                yield return new(channel, EventKind.CalibrationExpired, now.WallMs,
                    EventDetail.Note("calibration.expired", $"Certificate {calibration.Certificate} ended on "
                        + $"{calibration.Expires.UtcDateTime:yyyy-MM-dd}."));
            }
        }
    }
}
