namespace Evidence;

/// <summary>Where the wall clock had its time from when a moment was taken. The numbers stand in signed headers.</summary>
public enum ClockTrust : byte
{
    /// <summary>Nobody set it since power-up. The default: an unknown clock is not trusted.</summary>
    Unset = 0,

    /// <summary>A battery-backed clock on the board.</summary>
    Rtc = 1,

    /// <summary>Network time, synchronised since this boot.</summary>
    Ntp = 2,
}

/// <summary>One instant on both clocks. Order and durations come from boot and uptime; wall time is an annotation with its trust.</summary>
/// <param name="Boot">How often this gateway has started, from 1; kept durably and never reused.</param>
/// <param name="UptimeMs">Monotonic milliseconds since that start, 0 or more; never steps.</param>
/// <param name="WallMs">Milliseconds since 1970-01-01 UTC, at least <see cref="WallFloorMs"/>.</param>
/// <param name="Trust">Where the wall time comes from.</param>
/// <param name="ErrorMs">The clock's own estimate of how far it may be off, in milliseconds; 0 when it gives none.</param>
/// <remarks>The default value is a moment before any boot; nothing is recorded at it.</remarks>
public readonly record struct Moment(uint Boot, long UptimeMs, long WallMs, ClockTrust Trust, uint ErrorMs = 0)
{
    /// <summary>The earliest wall time that evidence may carry: 2^32 ms, 1970-02-19T17:02:47.296Z.</summary>
    /// <remarks>At or above it a time takes nine bytes of CBOR, and with that every leaf is at least 32 bytes long, which keeps leaves
    /// and tree nodes apart (docs/formats.md, leaf). A clock that reads less was never set: <see cref="FromClocks"/> lifts it and says
    /// so.</remarks>
    public const long WallFloorMs = 1L << 32;

    /// <summary>The latest wall time that evidence may carry: 2^47 ms, in the year 6429. Bounds arithmetic; no real clock reads
    /// it.</summary>
    public const long WallCeilingMs = 1L << 47;

    /// <summary>Most of the session's own part of an unset clock: six days, so that it stays in February 1970 for a while.</summary>
    public const int UnsetMsMax = 1 << 29;

    /// <summary>Joins both clocks. A wall clock below the floor becomes floor + <paramref name="unsetMs"/> + uptime with trust Unset: it still rises,
    /// and claims nothing.</summary>
    /// <param name="unsetMs">The session's own part of a clock that nobody has set, the same in the whole session, 0 to <see cref="UnsetMsMax"/>. It
    /// tells two sessions apart that have the same boot number, because an older image of the card was put back between them.</param>
    public static Moment FromClocks(uint boot, long uptimeMs, long wallMs, ClockTrust trust, uint errorMs, int unsetMs = 0) =>
        wallMs is < WallFloorMs or > WallCeilingMs
            ? new(boot, uptimeMs, WallFloorMs + unsetMs + uptimeMs, ClockTrust.Unset)
            : new(boot, uptimeMs, wallMs, trust, errorMs);
}
