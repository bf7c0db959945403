using System.Buffers.Binary;

namespace Sensors.Emulation;

/// <summary>An SHT4x as its datasheet describes it: a command, a time in which it does not acknowledge, then words with their
/// CRC.</summary>
public sealed class EmulatedSht4x(int address = 0x44, uint serial = 0x1234ABCD) : EmulatedChip(address)
{
    private const ushort RelativeHumidityHalf = 0x72B0; // 50 % = −6 + 125 · code / 65535

    private ushort temperatureCode = 0x5F92; // 20 °C: it measures when told to, so there is no unconverted state.
    private byte? pending;
    private int pollsLeft;

    /// <summary>How many reads after a command are not acknowledged; default 0, an answer at once.</summary>
    public int BusyPolls { get; set; }

    public override void PowerUp() => pending = null;

    public override void FinishConversion(int milliCelsius) =>
        temperatureCode = (ushort)NearestCode(milliCelsius + 45_000, 65_535, 175_000, 0, 65_535);

    /// <summary>The check sum by table-free division: CRC-8, polynomial x^8 + x^5 + x^4 + 1, start 0xFF.</summary>
    internal static byte CheckOf(ushort word)
    {
        var rest = (uint)((word ^ 0xFF00) << 8);
        for (var bit = 23; bit >= 8; bit--)
        {
            if ((rest & (1u << bit)) != 0)
            {
                rest ^= 0x131u << (bit - 8);
            }
        }

        return (byte)rest;
    }

    protected override void TakeBytes(ReadOnlySpan<byte> bytes)
    {
        if (bytes[0] is not (0xFD or 0xF6 or 0xE0 or 0x89 or 0x94))
        {
            throw DriverFault.Transfer(121); // An unknown command is not acknowledged.
        }

        pending = bytes[0] == 0x94 ? null : bytes[0]; // 94h is the soft reset: nothing is pending any more.
        pollsLeft = BusyPolls;
    }

    protected override void GiveBytes(Span<byte> bytes)
    {
        if (pending is not { } command || pollsLeft-- > 0)
        {
            throw DriverFault.Transfer(121);
        }

        pending = null;
        var (first, second) = command == 0x89
            ? ((ushort)(serial >> 16), unchecked((ushort)serial))
            : (temperatureCode, RelativeHumidityHalf);
        Span<byte> answer = stackalloc byte[6];
        BinaryPrimitives.WriteUInt16BigEndian(answer, first);
        answer[2] = CheckOf(first);
        BinaryPrimitives.WriteUInt16BigEndian(answer[3..], second);
        answer[5] = CheckOf(second);
        bytes.Fill(0xFF); // Beyond the sixth byte nobody drives the line.
        answer[..Math.Min(answer.Length, bytes.Length)].CopyTo(bytes);
    }
}
