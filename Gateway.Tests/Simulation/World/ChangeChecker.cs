using Evidence;

namespace Gateway.Tests.Simulation;

/// <summary>Every swap of a probe whose chip has a number, and every change of a setting that touches evidence, is told where it begins; and
/// none that did not happen.</summary>
public sealed class ChangeChecker(Action<string> violate, YearTally tally)
{
    private const int RoundsUntilTold = 2;
    private readonly Dictionary<int, string> told = [];
    private readonly Dictionary<int, (string Serial, int RoundsLeft)> untold = [];
    private readonly HashSet<(int, string)> hung = [];
    private readonly HashSet<string> ever = [];
    private string? settings;
    private bool isStarted, isForgotten, hadBreak;
    private int? roundsUntilTold;
    private long? brokeAtMs;

    /// <summary>The gateway is started under these settings.</summary>
    public void Started(string under)
    {
        ever.Add(under);
        settings ??= isStarted ? null : under; // The first start has nothing to compare with.
        isStarted = true;
    }

    /// <summary>The next batch is of a card that was put back, with the settings and the knowledge of chips that it had then.</summary>
    public void Forgotten()
    {
        settings = null;
        told.Clear();
        untold.Clear();
        roundsUntilTold = null;
        isForgotten = hadBreak = true;
    }

    /// <summary>The record says that there is a break: with it settings and chips are told anew.</summary>
    /// <param name="atMs">When, by the truck's clock: it stands before the first round that must tell, and power may go in between.</param>
    public void Broke(long atMs) => (brokeAtMs, roundsUntilTold) = (atMs, isForgotten ? RoundsUntilTold + 1 : null);

    /// <summary>A batch that a stranger has seen, with the true round behind each of its rounds.</summary>
    public void Batch(long number, BatchBody body, IReadOnlyList<TrueRound?> truths)
    {
        foreach (var truth in truths.OfType<TrueRound>())
        {
            for (var channel = 0; channel < truth.Channels.Length; channel++)
            {
                hung.Add((channel, truth.Channels[channel].Serial));
            }
        }

        // Two swaps in one batch: what is told of a round stands at the round's own time.
        Told(number, body.Events.Where(happened => happened.Kind == EventKind.Configuration || !body.Rounds.Contains(happened.TimeMs)));
        for (var i = 0; i < truths.Count; i++)
        {
            Told(number, body.Events.Where(happened => happened.Kind == EventKind.ProbeSwap && happened.TimeMs == body.Rounds[i]));
            if (truths[i] is { } truth)
            {
                Follow(number, body, i, truth);
            }
        }

        brokeAtMs = null;
    }

    private void Told(long number, IEnumerable<BatchEvent> events)
    {
        foreach (var happened in events)
        {
            var words = EventDetail.ReadNote(happened.Detail)?.Text ?? "";
            if (happened is { Kind: EventKind.ProbeSwap, Channel: { } channel })
            {
                var serial = words.Split(' ').ElementAtOrDefault(1) ?? "";
                told[channel.Value] = serial;
                untold.Remove(channel.Value);
                tally.Swaps++;
                if (!hung.Contains((channel.Value, serial)))
                {
                    violate($"Batch {number} tells of chip {serial} on channel {channel}, which never hung there.");
                }
            }
            else if (happened.Kind == EventKind.Configuration)
            {
                // Power that goes before the gateway has noted what it told makes the next session tell it again.
                if (happened.Channel is { } chips)
                {
                    Holds(number, chips.Value, words.Split(' ').ElementAtOrDefault(1) ?? "");
                    continue;
                }

                var now = words.Split(" is ").ElementAtOrDefault(1)?.Split(';')[0];
                tally.SettingChanges++;
                if (now is null || !ever.Contains(now))
                {
                    violate($"Batch {number} tells of a setting that never was: {words}");
                }

                settings = now;
            }
        }
    }

    private void Holds(long number, int channel, string serial)
    {
        told[channel] = serial;
        untold.Remove(channel);
        if (!hung.Contains((channel, serial)))
        {
            violate($"Batch {number} tells of chip {serial} on channel {channel}, which never hung there.");
        }
    }

    /// <returns>Whether what the record tells is to be held against the truth: not between a break and the word about it.</returns>
    private bool IsTold(long number, long wallMs)
    {
        if (wallMs < brokeAtMs)
        {
            return false;
        }

        if (isForgotten && roundsUntilTold is { } left)
        {
            roundsUntilTold = left - 1;
            isForgotten = left > 0;
            if (!isForgotten && settings is null)
            {
                violate($"Batch {number} goes on behind a break, and nothing tells the settings anew.");
            }
        }

        return !isForgotten;
    }

    private void Follow(long number, BatchBody body, int round, TrueRound truth)
    {
        if (!IsTold(number, body.Rounds[round]))
        {
            return;
        }

        if (truth.Settings != settings)
        {
            violate($"Batch {number} holds a round under settings {truth.Settings}; the record tells of {settings}.");
            settings = truth.Settings;
        }

        for (var channel = 0; channel < body.Channels.Length; channel++)
        {
            if (truth.Channels[channel] is not { IsSound: true, Serial.Length: > 0 } now || body.Channels[channel].Samples[round].Temperature is null)
            {
                continue;
            }

            told.TryAdd(channel, hadBreak ? "none" : now.Serial); // The first chip is what the channel begins with.
            if (now.Serial == told[channel])
            {
                untold.Remove(channel); // The old one is back before anybody was told of the other.
                continue;
            }

            var left = untold.TryGetValue(channel, out var waits) && waits.Serial == now.Serial ? waits.RoundsLeft - 1 : RoundsUntilTold;
            untold[channel] = (now.Serial, left);
            if (left == 0)
            {
                violate($"Batch {number}: chip {now.Serial} hangs on channel {channel} and the record tells of {told[channel]}.");
            }
        }
    }
}
