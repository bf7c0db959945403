using Evidence;
using Sensors.Emulation;

namespace Gateway.Tests.Simulation;

/// <summary>How faults begin, last and end.</summary>
public sealed partial class TruckWorld
{
    private const long WatchdogMs = 180_000, Minute = 60_000, Hour = 60 * Minute, Day = 24 * Hour;
    private readonly SortedDictionary<FaultKind, long> active = [];
    private readonly Dictionary<int, long> unsoundUntil = [];
    private ClockTrust trust = ClockTrust.Ntp;
    private long downMs;
    private long driftPerMille;
    private int victim;
    private int settings;

    private bool Is(FaultKind kind) => active.ContainsKey(kind);

    private void BeginAndEndFaults()
    {
        clock.WallOffsetMs += (clock.TrueMs - lastTurnMs) * driftPerMille / 10_000;
        lastTurnMs = clock.TrueMs;
        foreach (var kind in active.Where(fault => fault.Value <= clock.TrueMs).Select(fault => fault.Key).ToList())
        {
            active.Remove(kind);
            End(kind);
        }

        foreach (var kind in Enum.GetValues<FaultKind>())
        {
            if (kinds.Contains(kind) && !Is(kind) && session is not null && MayBegin(kind) && dice.OnceIn(TurnsBetween(kind)))
            {
                Tally.Faults[kind] = Tally.Faults.GetValueOrDefault(kind) + 1;
                active[kind] = clock.TrueMs + Lasts(kind);
                Note($"{kind} until {active[kind] - NewYearMs}");
                Begin(kind);
            }
        }

        if (Is(FaultKind.Flapping))
        {
            link.Break();
            link.Mend();
        }
    }

    /// <summary>About how many rounds lie between two faults of a kind: a year has 35,040 of 15 minutes, a week 672.</summary>
    private long TurnsBetween(FaultKind kind) => UsualIntervalMs / intervalMs * kind switch
    {
        FaultKind.BrokerAway => 6_000,
        FaultKind.ClockBack or FaultKind.ClockForward or FaultKind.ClockDrift => 4_000,
        FaultKind.ClockLow or FaultKind.SlowRead or FaultKind.DiskFull or FaultKind.ReadOnlyCard => 3_000,
        FaultKind.CardPutBack or FaultKind.LedgerRestored => 2_400,
        _ => 800,
    } / density;

    private long Lasts(FaultKind kind) => kind switch
    {
        FaultKind.BrokerAway => dice.Spread(10 * Minute, 30 * Day / density),
        FaultKind.DiskFull => dice.Spread(Hour, 3 * Day / density),
        FaultKind.LedgerRestored => dice.Spread(Hour, 7 * Day / density),
        FaultKind.ClockDrift => dice.Spread(Day, 30 * Day / density),
        FaultKind.TornSectors or FaultKind.ClockUnset => 30 * Day / density,
        _ => dice.Spread(Minute, 6 * Hour / density),
    };

    private void Begin(FaultKind kind)
    {
        victim = (int)dice.Between(0, TruckWiring.Probes.Length - 1);
        switch (kind)
        {
            case FaultKind.PowerCut:
                downMs = dice.Spread(5_000, 2 * Day / density);
                card.CutAfter(dice.Spread(1, 60), Is(FaultKind.TornSectors)
                    ? dice.Of<Survival>([Survival.SomeSectors, Survival.Torn]) : Survival.Flushed);
                break;
            case FaultKind.Killed:
                downMs = dice.Spread(1_000, 5 * Minute / density);
                card.CutAfter(dice.Spread(1, 60), Survival.Written);
                break;
            case FaultKind.Upgraded:
                Guarded(() => session!.Cycle.Stop(session.Now));
                if (session is not null)
                {
                    EndSession();
                    startAtMs = clock.TrueMs + dice.Spread(1_000, 5 * Minute / density);
                }

                break;
            case FaultKind.Reconfigured:
                settings++;
                Begin(FaultKind.Upgraded);
                break;
            case FaultKind.DiskFull:
                card.IsFull = true;
                break;
            case FaultKind.DiskFails:
                card.FailAfter(dice.Spread(1, 200));
                break;
            case FaultKind.Suspended:
                clock.Advance(dice.Spread(Minute, 12 * Hour / density));
                break;
            case FaultKind.Hung:
                clock.Advance(dice.Spread(WatchdogMs, 3 * WatchdogMs));
                card.CutNow(Survival.Written);
                EndSession();
                startAtMs = clock.TrueMs + dice.Spread(1_000, Minute);
                break;
            case FaultKind.ReadOnlyCard:
                card.IsReadOnly = true;
                break;
            case FaultKind.CardPutBack:
                PutBackImage();
                break;
            default:
                BeginOutside(kind);
                break;
        }
    }

    private void BeginOutside(FaultKind kind)
    {
        switch (kind)
        {
            case FaultKind.ClockBack:
                clock.WallOffsetMs -= dice.Spread(Minute, 3 * 365 * Day);
                break;
            case FaultKind.ClockForward:
                clock.WallOffsetMs += dice.Spread(Minute, 30 * 365 * Day);
                break;
            case FaultKind.ClockDrift:
                driftPerMille = dice.Between(-5, 5);
                break;
            case FaultKind.NtpLeap:
                (clock.WallOffsetMs, trust) = (0, ClockTrust.Ntp);
                break;
            case FaultKind.ProbeSwapped:
                wiring.Swap(victim);
                Disturb(victim);
                break;
            case FaultKind.ProbeOther:
                wiring.Swap(0, new EmulatedLm75(TruckWiring.Probes[0].Address));
                break;
            case FaultKind.BrokerAway:
                link.Break();
                break;
            case FaultKind.Forgetting:
                link.Forgets = true;
                break;
            case FaultKind.LateAnswers:
                link.LateMs = dice.Spread(Minute, 2 * Day / density);
                break;
            case FaultKind.Disorder:
                link.Disorder = true;
                break;
            case FaultKind.ForgedReceipts:
                link.Forges = true;
                break;
            case FaultKind.LedgerRestart when !ledger.IsOld: // The old copy does not start once it knows that it is one.
                ledger.Restart();
                break;
            case FaultKind.LedgerRefuses:
                link.Refuses = true;
                break;
            case FaultKind.Replayed:
                link.Replays = true;
                break;
            case FaultKind.LedgerRestored:
                Reconnected(ledger.RestoreCopy);
                break;
            default:
                break; // The rest is looked up by name when a round begins, or at the next power cut.
        }
    }

    private void End(FaultKind kind)
    {
        switch (kind)
        {
            case FaultKind.DiskFull:
                card.IsFull = false;
                break;
            case FaultKind.ReadOnlyCard:
                card.IsReadOnly = false;
                break;
            case FaultKind.LedgerRefuses:
                link.Refuses = false;
                break;
            case FaultKind.Replayed:
                link.Replays = false;
                break;
            case FaultKind.LedgerRestored:
                Reconnected(ledger.RestoreNewest);
                break;
            case FaultKind.ClockDrift:
                driftPerMille = 0;
                break;
            case FaultKind.ProbeOther:
                wiring.Swap(0);
                Disturb(0);
                break;
            case FaultKind.BrokerAway:
            case FaultKind.Flapping:
                link.Mend();
                break;
            case FaultKind.Forgetting:
                link.Forgets = false;
                break;
            case FaultKind.LateAnswers:
                link.LateMs = 0;
                break;
            case FaultKind.Disorder:
                link.Disorder = false;
                break;
            case FaultKind.ForgedReceipts:
                link.Forges = false;
                break;
            default:
                break; // It was over when it had begun.
        }
    }

    private void EndAll()
    {
        foreach (var kind in active.Keys.ToList())
        {
            active.Remove(kind);
            End(kind);
        }

        card.Calm();
        HurryAuthority();
        (clock.WallOffsetMs, trust) = (0, ClockTrust.Ntp);
    }

    private void BootClock()
    {
        lastTurnMs = clock.TrueMs;
        if (Is(FaultKind.ClockUnset))
        {
            (clock.WallOffsetMs, trust) = (-clock.TrueMs, ClockTrust.Unset);
        }
    }

    private void Disturb(int channel) => unsoundUntil[channel] = clock.TrueMs + (2 * intervalMs);

    private bool IsSound(int channel) => !IsBusHarmed && unsoundUntil.GetValueOrDefault(channel) < clock.TrueMs
        && !(channel == 0 && Is(FaultKind.ProbeOther)) && wiring[channel] is { FailsWith: null, Noise: null }
        && !(Is(FaultKind.MuxGlitch) && TruckWiring.Probes[channel].MuxChannel is not null);

    private bool IsBusHarmed => Is(FaultKind.DataLow) || Is(FaultKind.DataFloating) || Is(FaultKind.ClockLow) || Is(FaultKind.SlowRead)
        || Is(FaultKind.BusGone);

    private void ApplyToBus()
    {
        for (var i = 0; i < TruckWiring.Probes.Length; i++)
        {
            var isOut = (i == 1 && Is(FaultKind.ProbeUnplugged)) || (Is(FaultKind.NoAcknowledge) && dice.Coin());
            wiring[i].FailsWith = isOut ? 121 : null;
        }

        wiring[4].Noise = Is(FaultKind.ChecksumBurst) ? bytes => bytes[0] ^= 0x10 : null;
        wiring.Mux.AfterSelect = Is(FaultKind.MuxGlitch) ? () => wiring.Mux.Selected = 0x20 : null;
        wiring.Bus.OpenErrno = Is(FaultKind.BusGone) ? 2 : null;
        wiring.Bus.Line = Is(FaultKind.DataLow) ? LineFault.DataLow : Is(FaultKind.DataFloating) ? LineFault.DataFloating
            : Is(FaultKind.BusGone) ? LineFault.CableOff : Is(FaultKind.ClockLow) ? LineFault.ClockLow : LineFault.None;
        var transfersLeft = Is(FaultKind.SlowRead) ? dice.Between(1, 15) : long.MaxValue;
        wiring.Bus.BeforeTransfer = () =>
        {
            if (--transfersLeft == 0)
            {
                wiring.Bus.Line = LineFault.ClockLow;
            }
        };
        if (Is(FaultKind.BrownOut) && unsoundUntil.GetValueOrDefault(0) < clock.TrueMs)
        {
            wiring.Bus.BrownOut();
            for (var i = 0; i < TruckWiring.Probes.Length; i++)
            {
                Disturb(i);
            }
        }
    }

    /// <summary>The kernel gives a stuck transfer up; the reading thread must be through before the next round.</summary>
    private void ReleaseBus()
    {
        if (wiring.Bus.Line == LineFault.ClockLow)
        {
            wiring.Bus.Line = LineFault.None;
            wiring.Bus.BeforeTransfer = null;
            wiring.Bus.ReleaseClock();
            SpinWait.SpinUntil(() => wiring.Bus.OpenHandles == 0, TimeSpan.FromSeconds(1));
        }
    }
}
