using System.Runtime.InteropServices;
using Evidence;

namespace Gateway.Hosting;

/// <summary>How far the wall clock may be trusted right now.</summary>
/// <param name="Trust">Where its time comes from.</param>
/// <param name="ErrorMs">The kernel's own bound of its error, in milliseconds; 0 when it gives none.</param>
public readonly record struct ClockState(ClockTrust Trust, uint ErrorMs);

/// <summary>Asks the kernel whether anybody set the wall clock. Never waits: an unknown clock is said to be unknown.</summary>
/// <remarks>
/// adjtimex(2) knows whether an NTP daemon disciplines the clock. Under systemd's ProtectClock=yes the call is refused; then the
/// mark that systemd-timesyncd leaves answers. A board with a battery-backed clock had its time from there at boot.
/// </remarks>
public static partial class ClockSource
{
    private const string TimesyncMark = "/run/systemd/timesync/synchronized";
    private const string RtcClass = "/sys/class/rtc";
    private const int TimeError = 5;
    private const int StatusUnsynchronised = 0x40;

    public static ClockState Read()
    {
        if (Kernel() is { } kernel)
        {
            return kernel;
        }

        return File.Exists(TimesyncMark) ? new(ClockTrust.Ntp, 0) : HasRtc() ? new(ClockTrust.Rtc, 0) : new(ClockTrust.Unset, 0);
    }

    private static ClockState? Kernel()
    {
        var timex = default(Timex);
        var state = adjtimex(ref timex);
        return state is < 0 or TimeError || (timex.Status & StatusUnsynchronised) != 0
            ? null
            : new(ClockTrust.Ntp, (uint)Math.Clamp(timex.MaxErrorUs / 1_000, 0, uint.MaxValue));
    }

    private static bool HasRtc()
    {
        try
        {
            return Directory.Exists(RtcClass) && Directory.EnumerateFileSystemEntries(RtcClass).Any();
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return false; // A kernel that does not say whether it has such a clock is one without it.
        }
    }

    [LibraryImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int adjtimex(ref Timex timex);

    /// <summary>struct timex of 64-bit Linux, 208 bytes; only what is asked for has a name.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 208)]
    private struct Timex
    {
        [FieldOffset(0)]
        public uint Modes; // 0: read only.

        [FieldOffset(24)]
        public long MaxErrorUs;

        [FieldOffset(40)]
        public int Status;
    }
}
