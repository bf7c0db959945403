using System.Globalization;
using System.Text.RegularExpressions;
using Evidence;
using Sensors.Chips;

namespace Sensors;

/// <summary>What a failed transfer means. The Linux driver throws a plain IOException whose error number stands only in its text.</summary>
public static partial class BusFault
{
    /// <summary>How a sample ends that met this fault. A number that is not known here counts as "no answer this time".</summary>
    public static Outcome Classify(IOException fault) => fault is MuxFaultException
        ? Outcome.Implausible
        : ErrorNumber(fault) switch
        {
            110 => Outcome.Timeout, // ETIMEDOUT: the controller gave up. A clock line held low may also end as 6.
            1 or 2 or 13 or 19 or 95 => Outcome.NotPresent, // The bus itself is missing, forbidden, or cannot do plain I2C.
            _ => Outcome.NoAcknowledge, // 6 and 121 are a NACK by the controller's driver; 5 and 11 mean as little: no answer this time.
        };

    /// <summary>The same for a person: the fact, and what to do next.</summary>
    public static string Describe(IOException fault, int bus) => fault is MuxFaultException
        ? fault.Message
        : ErrorNumber(fault) switch
        {
            1 or 13 => $"/dev/i2c-{bus} may not be opened: the service's user must be in the group i2c.",
            2 or 19 => $"There is no /dev/i2c-{bus}: switch I2C on (raspi-config, Interface Options) or correct the bus number.",
            95 => $"/dev/i2c-{bus} cannot do plain I2C transfers: choose another bus.",
            110 => $"Bus {bus} did not answer in time: look for a clock line (SCL) held low by a wet connector or a pinched cable.",
            6 or 121 => "Nobody acknowledged: check the plug, the address and the supply.",
            { } number => $"The bus gave error {number}: {fault.Message}",
            null => fault.Message,
        };

    /// <summary>The kernel's error number, null when the text has none.</summary>
    public static int? ErrorNumber(IOException fault) =>
        ErrorInText().Match(fault.Message) is { Success: true } match
        && int.TryParse(match.Groups[1].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : null;

    [GeneratedRegex(@"Error (\d+)", RegexOptions.CultureInvariant)]
    private static partial Regex ErrorInText();
}
