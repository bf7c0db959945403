using CsCheck;
using Evidence;
using Sensors;
using Sensors.Chips;
using Sensors.Emulation;

namespace Gateway.Tests.Sensors;

/// <summary>Goal: a certificate's line is applied to the thousandth, in integers, and a wrong configuration is named in words.</summary>
public sealed class CalibrationTests
{
    private static readonly CalibrationSettings Good = new()
    {
        Certificate = "K-17-2031",
        CertificateSha256 = new('5', 64),
        Expires = new(2027, 3, 31, 0, 0, 0, TimeSpan.Zero),
        OffsetMilliCelsius = -120,
    };

    private static readonly ProbeSettings GoodProbe =
        new() { Place = "cargo, front", Serial = "A1", Chip = ChipKind.Tmp117, Address = 0x48, Calibration = Good };

    [Theory]
    [InlineData(0, 100)] // At the points themselves…
    [InlineData(10_000, 9_900)]
    [InlineData(5_000, 5_000)] // …between them…
    [InlineData(-20_000, -19_500)] // …and beyond.
    [InlineData(25, 125)] // 24.5 along the line: the half goes away from zero.
    [InlineData(-25, 75)] // −24.5 likewise.
    [InlineData(24, 124)] // 23.52
    [InlineData(26, 125)] // 25.48
    public void Two_points_make_a_line_rounded_to_the_nearest_thousandth(int shown, int calibrated)
    {
        var calibration = Calibration.TwoPoint("K-1", default, 1, new(new(0), new(100)), new(new(10_000), new(9_900)));
        Assert.Equal(new MilliCelsius(calibrated), calibration.Apply(new(shown)));
        var turned = Calibration.TwoPoint("K-1", default, 1, new(new(10_000), new(9_900)), new(new(0), new(100)));
        Assert.InRange(turned.Apply(new(shown)).Value - calibrated, -1, 1); // The other point as origin may round a half the other way.
    }

    [Fact]
    public void A_line_agrees_with_decimal_arithmetic_everywhere() =>
        (from shown in Gen.Int[-200_000, 200_000]
         from first in Gen.Int[-50_000, 0]
         from second in Gen.Int[1_000, 50_000]
         from firstError in Gen.Int[-10_000, 10_000]
         from secondError in Gen.Int[-10_000, 10_000]
         select (shown, first, second, firstError, secondError)).Sample(line =>
         {
             var calibration = Calibration.TwoPoint(
                 "K-1",
                 default,
                 1,
                 new(new(line.first), new(line.first + line.firstError)),
                 new(new(line.second), new(line.second + line.secondError)));
             var rise = (decimal)(line.second + line.secondError - line.first - line.firstError);
             var along = (line.shown - line.first) * rise / (line.second - line.first);
             var expected = line.first + line.firstError + Math.Round(along, MidpointRounding.AwayFromZero);
             Assert.Equal(expected, calibration.Apply(new(line.shown)).Value);
         });

    [Fact]
    public void An_offset_adds_itself_and_no_calibration_adds_nothing()
    {
        Assert.Equal(new MilliCelsius(7_880), Good.ToCalibration().Apply(new(8_000)));
        Assert.Equal(new MilliCelsius(8_000), Calibration.None.Apply(new(8_000)));
        Assert.False(Calibration.None.IsExpired(long.MaxValue - 1));
        Assert.False(Calibration.None.IsCertified);
    }

    [Fact]
    public void A_certificate_ends_at_its_millisecond_and_keeps_its_number_and_digest()
    {
        var calibration = Good.ToCalibration();
        Assert.Equal(("K-17-2031", new string('5', 64)), (calibration.Certificate, calibration.CertificateDigest.ToString()));
        Assert.False(calibration.IsExpired(calibration.ExpiryWallMs - 1));
        Assert.True(calibration.IsExpired(calibration.ExpiryWallMs));
        Assert.Equal(1_806_451_200_000, calibration.ExpiryWallMs); // date -u -d 2027-03-31 +%s
    }

    [Fact]
    public void Two_points_at_one_temperature_are_no_line() =>
        Assert.Throws<ArgumentException>(() => Calibration.TwoPoint("K-1", default, 1, new(new(5), new(5)), new(new(5), new(6))));

    [Fact]
    public void Good_settings_have_no_problem()
    {
        Assert.Empty(GoodProbe.Problems());
        Assert.Empty(ProbeSettings.Problems([GoodProbe]));
        using var truck = EmulatedTruck.Modelled(seed: 1);
        Assert.Empty(ProbeSettings.Problems(truck.Probes));
    }

    public static TheoryData<ProbeSettings, string> BadSettings => new()
    {
        { GoodProbe with { Place = " " }, "Place is empty" },
        { GoodProbe with { Serial = "" }, "Serial is empty" },
        { GoodProbe with { Bus = -1 }, "Bus is -1" },
        { GoodProbe with { Chip = ChipKind.Unknown }, "Chip is Unknown; give one of Tmp117" },
        { GoodProbe with { Chip = (ChipKind)99 }, "Chip is 99" },
        { GoodProbe with { Address = 0x4C }, "Address is 0x4C; a Tmp117 answers at 0x48 to 0x4B" },
        { GoodProbe with { MuxAddress = 0x48, MuxChannel = 0 }, "MuxAddress is 0x48" },
        { GoodProbe with { MuxAddress = 0x70 }, "belong together" },
        { GoodProbe with { MuxChannel = 1 }, "belong together" },
        { GoodProbe with { MuxAddress = 0x70, MuxChannel = 8 }, "MuxChannel is 8" },
        { GoodProbe with { Thermocouple = (ThermocoupleType)4 }, "Thermocouple is 4" },
        { GoodProbe with { ColdestMilliCelsius = 5, WarmestMilliCelsius = 5 }, "is not below" },
        { GoodProbe with { Calibration = Good with { Certificate = "" } }, "Calibration.Certificate is empty" },
        { GoodProbe with { Calibration = Good with { CertificateSha256 = new('g', 64) } }, "not 64 hexadecimal digits" },
        { GoodProbe with { Calibration = Good with { Expires = default } }, "Calibration.Expires is missing" },
        { GoodProbe with { Calibration = Good with { OffsetMilliCelsius = null } }, "needs either" },
        { GoodProbe with { Calibration = Good with { FirstShownMilliCelsius = 1 } }, "needs either" },
        { GoodProbe with { Calibration = Good with { OffsetMilliCelsius = 10_001 } }, "a broken probe or a slip" },
        { GoodProbe with { Calibration = Points(0, 0, 999, 0) }, "less than 1 °C apart" },
        { GoodProbe with { Calibration = Points(0, 0, 20_000, 2_000) }, "(second point)" },
    };

    [Theory]
    [MemberData(nameof(BadSettings))]
    public void Each_wrong_setting_is_named_in_a_sentence(ProbeSettings settings, string expected)
    {
        var problem = Assert.Single(settings.Problems());
        Assert.Contains(expected, problem, StringComparison.Ordinal);
        Assert.StartsWith("Probe 0: ", problem, StringComparison.Ordinal);
        Assert.EndsWith(".", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void No_probe_at_all_is_a_problem_and_so_is_a_hole_in_the_channels()
    {
        Assert.Contains("No probe is configured", Assert.Single(ProbeSettings.Problems([])), StringComparison.Ordinal);
        var hole = Assert.Single(ProbeSettings.Problems([GoodProbe with { Channel = 1 }]));
        Assert.Contains("Channels are 1;", hole, StringComparison.Ordinal);
    }

    private static CalibrationSettings Points(int firstShown, int firstTrue, int secondShown, int secondTrue) => Good with
    {
        OffsetMilliCelsius = null,
        FirstShownMilliCelsius = firstShown,
        FirstTrueMilliCelsius = firstTrue,
        SecondShownMilliCelsius = secondShown,
        SecondTrueMilliCelsius = secondTrue,
    };
}
