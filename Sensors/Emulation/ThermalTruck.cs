namespace Sensors.Emulation;

/// <summary>Where in the modelled truck a temperature is taken.</summary>
public enum TruckZone
{
    /// <summary>Among the boxes at the front wall, farthest from the doors. The default.</summary>
    CargoFront = 0,

    /// <summary>Among the boxes at the doors.</summary>
    CargoRear,

    /// <summary>The air that returns to the refrigeration unit.</summary>
    ReturnAir,

    /// <summary>The air at the doors.</summary>
    Door,
}

/// <summary>A small refrigerated truck: outside air with its day and night, a compressor with a hysteresis, doors that open now and then,
/// and
/// cargo that follows slowly. Integer arithmetic in steps of ten seconds: one seed and one start give the same trip on every
/// machine.</summary>
/// <remarks>Made up, for demonstrations and simulation; no lorry was measured for its constants.</remarks>
public sealed class ThermalTruck
{
    private const int StepSeconds = 10;
    private const long StepMs = StepSeconds * 1_000, DayMs = 86_400_000;
    private const long ForgetAfterMs = 7 * DayMs;
    private const int CompressorOnAt = 6_000, CompressorOffAt = 3_500, HeaterOnAt = 3_000; // Air, m°C.
    private const long YearMs = 365 * DayMs + DayMs / 4, DefrostEveryMs = 6 * 3_600_000, DefrostMs = 20 * 60_000;

    private readonly ulong seed;
    private ulong random;
    private long? nowMs;
    private long doorChangesAtMs;

    // Micro-degrees, so that a thousandth of a small difference is not lost in integer division.
    private long air = 5_000_000, doorAir = 5_200_000, cargoFront = 4_800_000, cargoRear = 5_000_000;

    private readonly bool hasSeasons;

    public ThermalTruck(ulong seed)
    {
        this.seed = seed;
        random = seed;
    }

    private ThermalTruck(ulong seed, bool hasSeasons)
        : this(seed) => this.hasSeasons = hasSeasons;

    /// <summary>The same truck with summer and winter, a heater for the one and a defrost every six hours for the other.</summary>
    public static ThermalTruck ThroughTheYear(ulong seed) => new(seed, hasSeasons: true);

    public bool IsDoorOpen { get; private set; }

    public bool IsCompressorOn { get; private set; }

    /// <summary>Drives the model to a wall time. The first call sets its start; going back does nothing; more than a week ahead counts as
    /// a week.</summary>
    public void MoveTo(long wallMs)
    {
        var from = nowMs ??= Start(wallMs);
        for (var at = Math.Max(from, wallMs - ForgetAfterMs) + StepMs; at <= wallMs; at += StepMs)
        {
            Step(at);
            nowMs = at;
        }
    }

    /// <summary>The temperature at a place now, in milli-degrees Celsius.</summary>
    public int MilliCelsius(TruckZone zone) => (int)(zone switch
    {
        TruckZone.CargoRear => cargoRear,
        TruckZone.ReturnAir => air,
        TruckZone.Door => doorAir,
        _ => cargoFront,
    } / 1_000);

    private long Start(long wallMs)
    {
        random = seed;
        doorChangesAtMs = wallMs + NextMinutes(20, 180);
        return wallMs;
    }

    private void Step(long atMs)
    {
        if (atMs >= doorChangesAtMs)
        {
            IsDoorOpen = !IsDoorOpen;
            doorChangesAtMs = atMs + (IsDoorOpen ? NextMinutes(1, 12) : NextMinutes(20, 180));
        }

        var isDefrosting = hasSeasons && atMs % DefrostEveryMs < DefrostMs;
        IsCompressorOn = !isDefrosting && (air > CompressorOnAt * 1_000L || (IsCompressorOn && air > CompressorOffAt * 1_000L));
        var outside = OutsideMicro(atMs) + (hasSeasons ? SeasonMicro(atMs) : 0);
        doorAir += Share(IsDoorOpen ? outside - doorAir : air - doorAir, IsDoorOpen ? 60 : 90);
        air += Share(outside - air, 1)
            + Share((IsDoorOpen ? doorAir : air) - air, 12)
            + Share(((cargoFront + cargoRear) / 2) - air, 4)
            + (IsCompressorOn ? Share(-2_000_000 - air, 15) : 0)
            + (isDefrosting ? Share(20_000_000 - air, 2) : 0)
            + (hasSeasons && air < HeaterOnAt * 1_000L ? Share(20_000_000 - air, 10) : 0);
        cargoFront += Share(air - cargoFront, 2);
        cargoRear += Share(air - cargoRear, 2) + Share(doorAir - cargoRear, 1);
    }

    /// <summary>So many thousandths of a difference: what flows in one step.</summary>
    private static long Share(long difference, int perMille) => difference * perMille / 1_000;

    /// <summary>14 °C at 02:00 UTC, 30 °C at 14:00, straight lines between.</summary>
    private static long OutsideMicro(long atMs)
    {
        var sinceColdest = ((atMs - (2 * 3_600_000)) % DayMs + DayMs) % DayMs;
        var warmth = Math.Min(sinceColdest, DayMs - sinceColdest); // 0 to half a day.
        return 14_000_000 + (16_000_000 * warmth / (DayMs / 2));
    }

    /// <summary>What the season adds: 5 K at the end of July, −27 K at the end of January, straight lines between.</summary>
    private static long SeasonMicro(long atMs)
    {
        var sinceColdest = (atMs - (30 * DayMs)) % YearMs;
        var warmth = Math.Min(sinceColdest, YearMs - sinceColdest); // 0 to half a year.
        return -27_000_000 + (32_000_000 * warmth / (YearMs / 2));
    }

    private long NextMinutes(int least, int most) => (least + (long)(Next() % (ulong)(most - least + 1))) * 60_000;

    // SplitMix64 (Steele, Lea, Flood 2014): the same numbers from the same seed everywhere.
    private ulong Next()
    {
        unchecked
        {
            random += 0x9E3779B97F4A7C15;
            var mixed = (random ^ (random >> 30)) * 0xBF58476D1CE4E5B9;
            mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
            return mixed ^ (mixed >> 31);
        }
    }
}
