namespace Gateway.Tests.Simulation;

/// <summary>What may go wrong in a simulated year. The seed decides which of them exist in it: a year without power cuts finds what one
/// with them hides.</summary>
public enum FaultKind
{
    /// <summary>Power goes at one operation of the card: what was not flushed is lost.</summary>
    PowerCut,

    /// <summary>With a power cut: any sectors of what was not flushed survive, and the write in hand is torn.</summary>
    TornSectors,

    /// <summary>The process is killed at one operation of the card; the kernel keeps what was written.</summary>
    Killed,

    /// <summary>The daemon is upgraded: an orderly stop with a batch open, and a start.</summary>
    Upgraded,

    /// <summary>The card has no room for hours.</summary>
    DiskFull,

    /// <summary>One operation of the card fails with EIO.</summary>
    DiskFails,

    /// <summary>The whole process stands still for minutes or hours: memory pressure, a suspended machine.</summary>
    Suspended,

    /// <summary>No battery behind the clock: it begins in 1970 at each boot, until the network tells the time.</summary>
    ClockUnset,

    /// <summary>Somebody sets the wall clock back: minutes, hours, years.</summary>
    ClockBack,

    /// <summary>Somebody sets it forward.</summary>
    ClockForward,

    /// <summary>The wall clock runs too fast or too slow by up to 0.5 ‰.</summary>
    ClockDrift,

    /// <summary>The network corrects it in the middle of a batch.</summary>
    NtpLeap,

    /// <summary>A probe's plug is out.</summary>
    ProbeUnplugged,

    /// <summary>Another kind of chip at a probe's address.</summary>
    ProbeOther,

    /// <summary>A probe is swapped for another of its kind, which has just been powered.</summary>
    ProbeSwapped,

    /// <summary>Single transfers are not acknowledged.</summary>
    NoAcknowledge,

    /// <summary>Bits flip on the wire of the probe whose words carry a check sum.</summary>
    ChecksumBurst,

    /// <summary>SDA is shorted to ground.</summary>
    DataLow,

    /// <summary>SDA floats.</summary>
    DataFloating,

    /// <summary>SCL is held low.</summary>
    ClockLow,

    /// <summary>SCL is held low in the middle of a round: the first probes have answered, the others have not.</summary>
    SlowRead,

    /// <summary>The switch in front of two probes changes its channel by itself.</summary>
    MuxGlitch,

    /// <summary>The adapter is gone, and comes back.</summary>
    BusGone,

    /// <summary>The probes' supply dips.</summary>
    BrownOut,

    /// <summary>No broker: minutes to 30 days.</summary>
    BrokerAway,

    /// <summary>The connection breaks at every turn.</summary>
    Flapping,

    /// <summary>The broker acknowledges and forgets.</summary>
    Forgetting,

    /// <summary>Answers come minutes to days late.</summary>
    LateAnswers,

    /// <summary>Messages and answers come twice, in another order, or not at all.</summary>
    Disorder,

    /// <summary>Somebody on the way answers: noise, another statement's receipt, a receipt with a flipped bit.</summary>
    ForgedReceipts,

    /// <summary>The ledger is started anew.</summary>
    LedgerRestart,

    /// <summary>The daemon is stopped in the middle of a batch and started with another setting that touches evidence.</summary>
    Reconfigured,

    /// <summary>An image of the whole card that was taken earlier is put back: journal, batch store, marks, settings, enrolment, what was seen. It
    /// may be of a card that was put back itself.</summary>
    CardPutBack,

    /// <summary>An old copy of the ledger's data is restored, and later the newest.</summary>
    LedgerRestored,

    /// <summary>The card can be read only for minutes or hours: it is worn.</summary>
    ReadOnlyCard,

    /// <summary>The process hangs, and the watchdog kills it.</summary>
    Hung,

    /// <summary>The ledger answers "later" to everything: its disk is full.</summary>
    LedgerRefuses,

    /// <summary>Messages and answers of earlier days come once more.</summary>
    Replayed,
}

/// <summary>Which kinds a world may have.</summary>
internal static class FaultKinds
{
    /// <summary>Kinds behind <see cref="FaultKind.Reconfigured"/> came later, and exist in worlds from this seed on only, by chance of their own: a
    /// seed that found something once finds it still.</summary>
    public const ulong AllFromSeed = 0x1000;

    private const ulong LaterSalt = 0x0150_0150_0150_0150;

    public static HashSet<FaultKind> Of(ulong seed, Dice dice)
    {
        var later = new Dice(seed ^ LaterSalt);
        return [.. Enum.GetValues<FaultKind>().Where(kind => kind <= FaultKind.Reconfigured ? dice.Coin() : seed >= AllFromSeed && later.Coin())];
    }
}
