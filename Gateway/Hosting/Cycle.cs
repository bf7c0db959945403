using System.Collections.Concurrent;
using System.Collections.Immutable;
using Anchoring;
using Evidence;
using Gateway.Configuration;
using Gateway.Replay;
using Gateway.Terminal;
using Microsoft.Extensions.Logging;
using Sensors;

namespace Gateway.Hosting;

/// <summary>Whose cycle it is, and what it reads.</summary>
/// <param name="Directory">The data directory, for the disk's state.</param>
/// <param name="Probes">The probes as configured, by channel.</param>
/// <param name="IntervalMs">Time from one round to the next.</param>
public sealed record CyclePlan(GatewayId Gateway, string Directory, ImmutableArray<ConfiguredProbe> Probes, int IntervalMs)
{
    /// <summary>Name and value of each setting that touches evidence and that the manifest does not fix: <see
    /// cref="EvidenceSettings"/>.</summary>
    public ImmutableArray<(string Name, string Value)> Settings { get; init; } = [];
}

/// <summary>One beat of the gateway: sample → record → seal → offer. Synchronous; whoever calls owns time and thread.</summary>
/// <param name="sampler">Gives a reading per channel, always.</param>
/// <param name="logbook">Makes readings durable, seals and offers.</param>
/// <param name="plan">Whose cycle it is.</param>
/// <param name="board">Where the status is shown after every beat.</param>
/// <param name="linkUptimeMs">Uptime for the link's patience; null takes the moment's. A replay's own time would make every answer look
/// late.</param>
public sealed class Cycle(Sampler sampler, Logbook logbook, CyclePlan plan, StatusBoard board, GatewayMetrics metrics, ILogger<Cycle> log,
    Func<long>? linkUptimeMs = null)
{
    private const int QuestionsMax = 8;
    private const int RoomDaysMin = 14;
    private readonly ConcurrentQueue<Action> questions = new();
    private readonly ProbeWatch watch = new(plan.Probes, log);
    private readonly DiskRoom room = new(plan.Directory);
    private readonly ChangeWatch changes = new(new(plan.Directory), plan.Probes, log);
    private readonly LastHour[] lastHour = [.. plan.Probes.Select(_ => new LastHour(plan.IntervalMs))];
    private readonly Queue<(long Number, long SinceMs)> waiting = new();
    private ImmutableArray<Reading> readings = [];
    private string activity = "starting";
    private long recorded;
    private long? lastSealedMs;
    private long? lastSealedNumber;
    private bool saidAnchored = true;

    /// <summary>Who looks after the key; null where nobody has to.</summary>
    public KeyWatch? Keys { get; init; }

    /// <summary>Where a replayed trip stands; null in real time.</summary>
    public ReplayStatus? Replay { get; set; }

    /// <summary>Sealed batches without a verified receipt.</summary>
    public int Waiting => logbook.Status.Unanchored;

    /// <summary>Whether anything waits for the ledger, manifests included.</summary>
    public bool IsWaiting => Waiting > 0 || logbook.Status.UnanchoredManifests > 0 || !questions.IsEmpty;

    public bool IsConnected => logbook.Status.Link.Connected;

    /// <summary>One line for `systemctl status`.</summary>
    public string Summary => $"{activity}: {Figures.Count(recorded)} readings recorded, {Waiting} batches wait for receipts";

    /// <summary>Declares the gap since the last session and seals what that session left open.</summary>
    public void Start(Moment now)
    {
        var isFirst = logbook.Status.LastRecorded is null;
        logbook.Start(now);
        if (logbook.Status.StartGap is { Cause: GapCause.PowerLoss } gap)
        {
            DaemonLog.EndedUntold(log, Figures.Gap(gap.FromMs, gap.ToMs), Figures.Time(gap.FromMs)); // F-46: perhaps it could not say more.
        }

        foreach (var change in changes.AtStart(plan.Settings, isFirst, now))
        {
            DaemonLog.SettingChanged(log, EventDetail.ReadNote(change.Detail)?.Text ?? "");
            logbook.RecordEvent(change, now);
        }

        changes.Remember();
        activity = "logging";
        Offer(now);
    }

    /// <summary>One round. Returns when it is durable and everything due is sealed and offered.</summary>
    /// <param name="missed">Slots that passed untaken before this one; the logbook declares the gap.</param>
    public void Run(Moment now, long missed)
    {
        var before = logbook.Status.LastRecorded;
        readings = sampler.Sample(now);
        var taken = logbook.Record(now, readings);
        recorded = taken.Sequences.Sum(sequence => sequence + 1);
        if (missed > 0)
        {
            DaemonLog.RoundsMissed(log, missed, now.UptimeMs - (before?.UptimeMs ?? now.UptimeMs));
        }

        for (var i = 0; i < readings.Length; i++)
        {
            lastHour[i].Saw(now.UptimeMs, readings[i].Temperature?.Value);
            metrics.Recorded(readings[i]);
            watch.Saw(readings[i]);
        }

        var breaks = changes.BehindBreak(logbook.Status.LostThrough, plan.Settings, sampler.Serials, now);
        foreach (var told in changes.Saw(sampler.Serials, now).Concat(breaks).Concat(watch.Expired(now)))
        {
            logbook.RecordEvent(told, now);
        }

        changes.Remember();
        Keys?.Look(logbook, now.UptimeMs, log);
        logbook.SealIfDue(now);
        Offer(now);
    }

    /// <summary>Between rounds: takes the ledger's answers, offers what waits, answers questions.</summary>
    public void Drain(Moment now) => Offer(now);

    /// <summary>Seals what is open now.</summary>
    public void Seal(Moment now)
    {
        logbook.SealOpen(now);
        Offer(now);
    }

    /// <summary>Ends the session in order: a Stop event, sealed with all before it.</summary>
    public void Stop(Moment now)
    {
        activity = "stopping";
        logbook.Stop(now, "The gateway was told to stop.");
        Offer(now);
        DaemonLog.Stopped(log, recorded, Waiting);
    }

    /// <summary>Asks the logbook something on the cycle's own thread.</summary>
    /// <exception cref="InvalidOperationException">Too many questions wait already.</exception>
    public Task<T> Ask<T>(Func<Logbook, T> question)
    {
        if (questions.Count >= QuestionsMax)
        {
            throw new InvalidOperationException("The gateway is busy with other questions; ask again in a minute.");
        }

        var answer = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        questions.Enqueue(() =>
        {
            try
            {
                answer.SetResult(question(logbook));
            }
            catch (Exception fault) when (fault is IOException or MalformedEvidenceException or ArgumentException or ExportException)
            {
                answer.SetException(fault); // The asker's trouble, not the recording's.
            }
        });
        return answer.Task;
    }

    private void Offer(Moment now)
    {
        while (questions.TryDequeue(out var question))
        {
            question();
        }

        logbook.Offer(linkUptimeMs is null ? now : now with { UptimeMs = linkUptimeMs() });
        var status = logbook.Status;
        Follow(status, now);
        board.Show(StatusOf(status, now));
    }

    /// <summary>Remembers since when batches wait; after a restart, since the restart.</summary>
    private void Follow(LogbookStatus status, Moment now)
    {
        var newest = waiting.Count > 0 ? waiting.Last().Number : status.Anchored ?? -1;
        for (var number = newest + 1; number <= status.Sealed; number++)
        {
            waiting.Enqueue((number, now.WallMs));
            metrics.Sealed(1);
        }

        while (waiting.TryPeek(out var oldest) && oldest.Number <= status.Anchored)
        {
            waiting.Dequeue();
        }

        if (status.Unanchored == 0 && !saidAnchored)
        {
            DaemonLog.AllAnchored(log, (status.Anchored ?? -1) + 1);
        }

        saidAnchored = status.Unanchored == 0;
    }

    private GatewayStatus StatusOf(LogbookStatus status, Moment now)
    {
        room.Look();
        var trouble = status.Faults;
        if (status.Refused is { } refused)
        {
            trouble = trouble.Add($"The ledger refuses {(refused.Number is { } number ? $"batch {number}" : "the manifest")} "
                + $"({refused.Reason}): {refused.Words}");
        }

        if (status.Link is { Connected: false, LastError.Length: > 0 })
        {
            trouble = trouble.Add($"No link to {status.Link.Peer}: {status.Link.LastError}");
        }

        trouble = room.FreeBytes is { } free ? [.. trouble, .. RoomTroubles(status, free)] : trouble.Add(room.Trouble);
        return new(plan.Gateway, now, activity,
            [.. plan.Probes.Select((probe, i) => new ChannelStatus(probe.Probe.Place, probe.Probe.Serial, probe.Low, probe.High,
                i < readings.Length ? readings[i] : default, lastHour[i].Values))],
            plan.IntervalMs, recorded, (status.Sealed ?? -1) + 1, (status.Anchored ?? -1) + 1, LastSealedMs(status),
                waiting.TryPeek(out var oldest) ? oldest.SinceMs : null,
            status.Link.Connected, room.FreeBytes, room.TotalBytes, [.. trouble, .. watch.Troubles, .. changes.Troubles], Replay)
        { StoreBytes = status.UsedBytes, BudgetBytes = status.BudgetBytes, OldestKept = status.OldestKept, ToSign = status.ToSign, StartGap = status.StartGap };
    }

    /// <summary>What is not anchored is never removed, so a disk that fills up is told while there is time to bring the truck into
    /// coverage.</summary>
    public static IEnumerable<string> RoomTroubles(LogbookStatus status, long freeBytes)
    {
        // F-55: days without a broker fill the disk; recording ends only when it is full, and that is a declared gap.
        if (status is { Unanchored: > 0, BytesPerDay: > 0 and var perDay } && freeBytes / perDay < RoomDaysMin)
        {
            yield return $"The disk has room for about {freeBytes / perDay} more days of recording: {Figures.Count(status.Unanchored)} batches "
                + "wait for the ledger, and what is not anchored is never removed. Bring the gateway into coverage, or free some space.";
        }

        if (status.UsedBytes > status.BudgetBytes)
        {
            yield return $"Journal and batch store take {Figures.Bytes(status.UsedBytes)}, their budget is "
                + $"{Figures.Bytes(status.BudgetBytes)}, and no older month is anchored that could be removed. Recording goes on while the disk "
                + "has room.";
        }
    }

    private long? LastSealedMs(LogbookStatus status)
    {
        if (status.Sealed != lastSealedNumber)
        {
            (lastSealedNumber, lastSealedMs) = (status.Sealed, status.LastRecorded?.WallMs);
        }

        return lastSealedMs;
    }
}
