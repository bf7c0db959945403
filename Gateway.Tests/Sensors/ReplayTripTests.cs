using System.Security.Cryptography;
using Evidence;
using Microsoft.Extensions.Time.Testing;
using Sensors;
using Sensors.Chips;
using Sensors.Emulation;

namespace Gateway.Tests.Sensors;

/// <summary>Goal: what a real logger wrote comes out of the byte-level chips unchanged, its hole included. Method: the file as its device
/// signed it, counted with other tools beforehand (awk: 10,653 rows, −8.4 to 30.2).</summary>
public sealed class ReplayTripTests
{
    private static readonly ReplayTrip Trip = ReplayTrip.BundledFridgeTag();

    private static string UltraLow =>
        File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Data/fridgetagUL_100800001215_202304201410.txt"));

    [Fact]
    public void The_bundled_trip_has_every_reading_of_the_file()
    {
        Assert.Equal(("130500109088", 300_000L, 10_653), (Trip.Serial, Trip.IntervalMs, Trip.Rows.Length));
        Assert.Equal(new LoggerRow(Utc("2022-05-02T04:44"), new MilliCelsius(26_300)), Trip.Rows[0]);
        var temperatures = Trip.Rows.Select(row => row.Temperature!.Value.Value).ToArray();
        Assert.Equal((-8_400, 30_200), (temperatures.Min(), temperatures.Max()));
    }

    [Fact]
    public void The_file_inside_the_program_is_byte_for_byte_the_one_its_device_signed()
    {
        const string Resource = "Sensors.Emulation.Trips.fridgetag2L_130500109088_202206081014.txt";
        using var stream = typeof(ReplayTrip).Assembly.GetManifestResourceStream(Resource)!;
        Assert.Equal("fe92ab02d0cebe8bc09e1ea5d22abf33e88d8c954ecd02ed3620dcf10281c8c1", Convert.ToHexStringLower(SHA256.HashData(stream)));
    }

    [Fact]
    public void The_gap_of_five_hours_and_52_minutes_cuts_the_trip_in_two()
    {
        var gap = Assert.Single(Trip.Gaps);
        Assert.Equal((Utc("2022-05-02T04:44"), Utc("2022-05-02T10:36")), (gap.LastBeforeWallMs, gap.FirstAfterWallMs));
        Assert.Equal(((5 * 60) + 52) * 60_000L, gap.DurationMs);
        Assert.Equal([1, 10_652], Trip.Segments.Select(segment => segment.Rows));
        Assert.Equal(new MilliCelsius(26_300), Trip.TemperatureAt(gap.LastBeforeWallMs + 299_999));
        Assert.Null(Trip.TemperatureAt(gap.LastBeforeWallMs + 300_000));
        Assert.Null(Trip.TemperatureAt(gap.FirstAfterWallMs - 1));
        Assert.Equal(new MilliCelsius(27_500), Trip.TemperatureAt(gap.FirstAfterWallMs));
    }

    [Fact]
    public void Outside_the_trip_there_is_no_temperature()
    {
        Assert.Null(Trip.TemperatureAt(Trip.Rows[0].WallMs - 1));
        Assert.NotNull(Trip.TemperatureAt(Trip.Rows[^1].WallMs + Trip.IntervalMs - 1));
        Assert.Null(Trip.TemperatureAt(Trip.Rows[^1].WallMs + Trip.IntervalMs));
    }

    [Fact]
    public void Every_reading_of_the_file_comes_back_through_driver_and_sampler_at_the_nearest_code()
    {
        using var truck = EmulatedTruck.Replaying(Trip);
        using var sampler = new Sampler(truck.Probes, truck.Open, new FakeTimeProvider());
        foreach (var row in Trip.Rows)
        {
            truck.MoveTo(row.WallMs);
            var reading = sampler.Sample(new(1, 1, row.WallMs, ClockTrust.Ntp))[0];
            var logged = row.Temperature!.Value.Value;
            Assert.Equal(Math.Round(logged * 16 / 125m, MidpointRounding.AwayFromZero), reading.RawCode);
            Assert.InRange(reading.Temperature!.Value.Value - logged, -4, 4); // Half a code is 3.9 m°C.
        }

        Assert.Equal((1, 1), (truck.Bus.OpenCount, truck.Bus.OpenHandles));
    }

    [Fact]
    public void In_the_gap_the_replayed_probe_does_not_answer()
    {
        using var truck = EmulatedTruck.Replaying(Trip);
        using var sampler = new Sampler(truck.Probes, truck.Open, new FakeTimeProvider());
        truck.MoveTo(Utc("2022-05-02T06:00"));
        Assert.Equal(Outcome.NoAcknowledge, sampler.Sample(default)[0].Outcome);
        truck.MoveTo(Utc("2022-05-02T10:36"));
        Assert.Equal((Outcome.Measured, 3_520), (sampler.Sample(default)[0].Outcome, sampler.Sample(default)[0].RawCode));
    }

    [Fact]
    public void A_disconnected_sensor_is_a_row_without_temperature_and_an_unplugged_probe()
    {
        var trip = new ReplayTrip(LoggerFile.Parse(UltraLow));
        Assert.Equal((841, 6), (trip.Rows.Length, trip.Rows.Count(row => row.Temperature is null)));
        using var truck = EmulatedTruck.Replaying(trip);
        using var sampler = new Sampler(truck.Probes, truck.Open, new FakeTimeProvider());
        truck.MoveTo(trip.Rows[0].WallMs);
        Assert.Equal(Outcome.NoAcknowledge, sampler.Sample(default)[0].Outcome);
        truck.MoveTo(Utc("2023-04-17T16:21"));
        Assert.Equal(Outcome.Measured, sampler.Sample(default)[0].Outcome);
    }

    [Theory]
    [InlineData("", "Line 1 is \"\"; the text export of a Fridge-tag begins")]
    [InlineData("%PDF-1.4", "Line 1 is \"%PDF-1.4\"")]
    [InlineData("Device: Q-tag Fridge-tag 2\r\nHist:\r\n", "Q-tag Fridge-tag 2: there is no line \"Data:\"")]
    [InlineData(Head + "Temp unit: F\nZone: 0.00\nLogging Interval: 5\nData:\nx\n\t2022-05-02 04:44\t26.3", "Temp unit is F")]
    [InlineData(Head + "Temp unit: C\nZone: 5.30\nLogging Interval: 5\nData:\nx\n\t2022-05-02 04:44\t26.3", "Zone is 5.30;")]
    [InlineData(Head + "Temp unit: C\nZone: 0.00\nLogging Interval: 0\nData:\nx\n\t2022-05-02 04:44\t26.3", "Logging Interval is 0")]
    [InlineData(Head + "Temp unit: C\nZone: 0.00\nData:\nx\n\t2022-05-02 04:44\t26.3", "There is no \"Logging Interval: \"")]
    [InlineData(Head + Fields + "Data:\nx\n", "There is no reading after line 6")]
    [InlineData(Head + Fields + "Data:\nx\n\t2022-05-02\t26.3", "Line 8: \"\t2022-05-02\t26.3\" does not begin with a time")]
    [InlineData(Head + Fields + "Data:\nx\n\t2022-05-02 04:44\t26,3", "Line 8: \"26,3\" is not a temperature")]
    [InlineData(Head + Fields + "Data:\nx\n\t2022-05-02 04:44\t1\n\t2022-05-02 04:44\t2", "Line 9: \"\t2022-05-02 04:44\t2\" is not later")]
    public void A_file_that_is_not_an_export_is_refused_with_its_line(string text, string expected)
    {
        var refusal = Assert.Throws<LoggerFileException>(() => LoggerFile.Parse(text));
        Assert.StartsWith(expected, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_zone_moves_the_times_to_utc()
    {
        var log = LoggerFile.Parse(
            Head + "Temp unit: C\nZone: 2.00\nLogging Interval: 5\nData:\nx\n\t2022-05-02 04:44\t-26.3\tx\nCert:\n");
        Assert.Equal(new LoggerRow(Utc("2022-05-02T02:44"), new MilliCelsius(-26_300)), Assert.Single(log.Rows));
    }

    [Fact]
    public void A_file_too_large_to_be_an_export_is_not_read() =>
        Assert.Throws<LoggerFileException>(() => LoggerFile.Parse(new string('x', LoggerFile.LengthMax + 1)));

    [Fact]
    public void A_modelled_trip_is_the_same_from_the_same_seed_however_it_is_stepped()
    {
        const long Start = 1_651_466_640_000;
        var (steady, jumpy, other) = (new ThermalTruck(42), new ThermalTruck(42), new ThermalTruck(43));
        var (opened, cooled, differs) = (false, false, false);
        jumpy.MoveTo(Start);
        for (var minute = 0; minute <= 24 * 60; minute++)
        {
            steady.MoveTo(Start + (minute * 60_000L));
            other.MoveTo(Start + (minute * 60_000L));
            opened |= steady.IsDoorOpen;
            cooled |= steady.IsCompressorOn;
            foreach (var zone in Enum.GetValues<TruckZone>())
            {
                Assert.InRange(steady.MilliCelsius(zone), -5_000, 30_000);
                differs |= steady.MilliCelsius(zone) != other.MilliCelsius(zone);
            }

            Assert.InRange(steady.MilliCelsius(TruckZone.CargoFront), 2_000, 8_000); // A sound truck keeps vaccines where they belong.
        }

        jumpy.MoveTo(Start + (24 * 3_600_000L));
        Assert.True(opened && cooled && differs);
        Assert.All(Enum.GetValues<TruckZone>(), zone => Assert.Equal(steady.MilliCelsius(zone), jumpy.MilliCelsius(zone)));
    }

    private const string Head = "Device: Q-tag Fridge-tag 2 L\n Serial: 1\n";
    private const string Fields = "Temp unit: C\nZone: 0.00\nLogging Interval: 5\n";

    private static long Utc(string minute) =>
        DateTimeOffset.Parse($"{minute}:00Z", System.Globalization.CultureInfo.InvariantCulture).ToUnixTimeMilliseconds();
}
