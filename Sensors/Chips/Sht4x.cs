using System.Buffers.Binary;
using System.Device.I2c;
using System.Globalization;
using Evidence;

namespace Sensors.Chips;

/// <summary>Sensirion SHT40/41/43/45 at 0x44 to 0x46 (datasheet "SHT4x", sections 4.4 CRC, 4.5 Command Overview, 4.6 Conversion).</summary>
/// <remarks>No registers: a command is written, then its answer is read; until it is ready the chip does not acknowledge.
/// Every word carries a CRC-8, so one reading is enough.</remarks>
public sealed class Sht4x(I2cDevice device) : IThermometer
{
    /// <summary>How often an answer is asked for, a millisecond apart. The longest measurement takes 8.3 ms.</summary>
    internal const int PollsMax = 25;

    private const int WordWithCheck = 3;

    private enum Command : byte
    {
        ReadSerial = 0x89,
        MeasureHighPrecision = 0xFD,
    }

    public MilliCelsius Coldest => new(-40_000);

    public MilliCelsius Warmest => new(125_000);

    /// <summary>Starts one measurement and waits for it: up to 8.3 ms.</summary>
    public Sample Read()
    {
        try
        {
            Span<byte> answer = stackalloc byte[2 * WordWithCheck];
            Ask(Command.MeasureHighPrecision, answer);
            var code = BinaryPrimitives.ReadUInt16BigEndian(answer);
            if (!answer.ContainsAnyExcept((byte)0x00) || !answer.ContainsAnyExcept((byte)0xFF))
            {
                return new(Outcome.Implausible, code);
            }

            return new(WordsAreSound(answer) ? Outcome.Measured : Outcome.BadChecksum, code);
        }
        catch (IOException fault)
        {
            return Sample.Without(BusFault.Classify(fault));
        }
    }

    public MilliCelsius ToTemperature(int code) => Convert((ushort)code);

    public string? Identify() => SerialNumber() is { } serial ? $"SHT4x, serial {serial}" : null;

    /// <summary>The 32 bits of the command "read serial number", each word under its check sum.</summary>
    public string? SerialNumber()
    {
        Span<byte> answer = stackalloc byte[2 * WordWithCheck];
        Ask(Command.ReadSerial, answer);
        return WordsAreSound(answer) ? string.Create(CultureInfo.InvariantCulture, $"{SerialOf(answer):X8}") : null;
    }

    /// <summary>−45 °C + 175 °C · code / 65535, rounded to the nearest m°C.</summary>
    public static MilliCelsius Convert(ushort code) => new((int)(((175_000L * code) + 32_767) / 65_535) - 45_000);

    /// <summary>The check sum of two bytes: CRC-8, polynomial 0x31, start 0xFF. The datasheet's example: BE EF gives 92.</summary>
    public static byte Check(ReadOnlySpan<byte> word)
    {
        var crc = 0xFF;
        foreach (var octet in word)
        {
            crc ^= octet;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc & 0x80) != 0 ? ((crc << 1) ^ 0x31) & 0xFF : (crc << 1) & 0xFF;
            }
        }

        return (byte)crc;
    }

    private static bool WordsAreSound(ReadOnlySpan<byte> answer) =>
        Check(answer[..2]) == answer[2] && Check(answer[3..5]) == answer[5];

    private static uint SerialOf(ReadOnlySpan<byte> answer) =>
        ((uint)BinaryPrimitives.ReadUInt16BigEndian(answer) << 16) | BinaryPrimitives.ReadUInt16BigEndian(answer[3..]);

    private void Ask(Command command, Span<byte> answer)
    {
        device.Write([(byte)command]);
        using var tick = new ManualResetEventSlim();
        for (var poll = 1; ; poll++)
        {
            try
            {
                device.Read(answer);
                return;
            }
            catch (IOException fault) when (poll < PollsMax && BusFault.Classify(fault) == Outcome.NoAcknowledge)
            {
                tick.Wait(millisecondsTimeout: 1); // The chip's own time, not ours to simulate: an emulated chip answers at once.
            }
        }
    }
}
