using System.Collections.Immutable;
using Evidence;

namespace Sensors;

/// <summary>One point of a calibration: what the probe showed in the laboratory's bath, and what the bath was.</summary>
/// <param name="Shown">The chip's own temperature, before any calibration.</param>
/// <param name="True">The reference thermometer's temperature.</param>
public readonly record struct CalibrationPoint(MilliCelsius Shown, MilliCelsius True);

/// <summary>What a laboratory found out about one probe, and the certificate that says so.</summary>
public sealed record Calibration
{
    private readonly ImmutableArray<CalibrationPoint> points;

    private Calibration(string certificate, Digest certificateDigest, long expiryWallMs, ImmutableArray<CalibrationPoint> points)
    {
        Certificate = certificate;
        CertificateDigest = certificateDigest;
        ExpiryWallMs = expiryWallMs;
        this.points = points;
    }

    /// <summary>An uncalibrated probe: temperatures pass unchanged, there is no certificate, and nothing can expire.</summary>
    public static Calibration None { get; } = new("", default, long.MaxValue, []);

    /// <summary>The certificate's number as the laboratory wrote it; empty for <see cref="None"/>.</summary>
    public string Certificate { get; }

    /// <summary>SHA-256 of the certificate file. The manifest carries it, and the authority's signature over the manifest covers
    /// it.</summary>
    public Digest CertificateDigest { get; }

    /// <summary>When the certificate ends, in milliseconds since 1970 UTC.</summary>
    public long ExpiryWallMs { get; }

    /// <summary>Whether a laboratory stands behind the temperatures at all.</summary>
    public bool IsCertified => Certificate.Length > 0;

    /// <summary>A correction that is the same at every temperature.</summary>
    public static Calibration Offset(string certificate, Digest certificateDigest, long expiryWallMs, MilliCelsius offset) =>
        new(certificate, certificateDigest, expiryWallMs, [new(new(0), offset)]);

    /// <summary>A straight line through two points, prolonged beyond both.</summary>
    /// <exception cref="ArgumentException">The probe showed the same temperature at both points.</exception>
    public static Calibration TwoPoint(
        string certificate, Digest certificateDigest, long expiryWallMs, CalibrationPoint first, CalibrationPoint second) =>
        first.Shown == second.Shown
            ? throw new ArgumentException($"Both points of certificate {certificate} stand at {first.Shown} °C: no line.", nameof(second))
            : new(certificate, certificateDigest, expiryWallMs, [first, second]);

    /// <summary>The calibrated temperature. Integer arithmetic; a half m°C is of the change along the line is rounded away from
    /// zero.</summary>
    public MilliCelsius Apply(MilliCelsius shown)
    {
        if (points.IsEmpty)
        {
            return shown;
        }

        var origin = points[0];
        if (points.Length == 1)
        {
            return new(shown.Value + origin.True.Value - origin.Shown.Value);
        }

        var run = (long)points[1].Shown.Value - origin.Shown.Value;
        var rise = (long)points[1].True.Value - origin.True.Value;
        return new((int)(origin.True.Value + DivideToNearest(((long)shown.Value - origin.Shown.Value) * rise, run)));
    }

    /// <summary>Whether the certificate has ended. A fact to report, never a reason to stop reading: an old calibration beats no
    /// data.</summary>
    public bool IsExpired(long wallMs) => wallMs >= ExpiryWallMs;

    /// <summary>The quotient rounded to the nearest integer, halves away from zero.</summary>
    private static long DivideToNearest(long dividend, long divisor)
    {
        var (quotient, rest) = Math.DivRem(dividend, divisor);
        return Math.Abs(rest) * 2 < Math.Abs(divisor) ? quotient : quotient + (Math.Sign(dividend) * Math.Sign(divisor));
    }
}
