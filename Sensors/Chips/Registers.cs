using System.Buffers.Binary;
using System.Device.I2c;

namespace Sensors.Chips;

/// <summary>Registers behind a pointer byte. Each read is one transaction: nobody can move the pointer between its write and its
/// read.</summary>
internal static class Registers
{
    public static byte ReadByte(I2cDevice device, byte register)
    {
        Span<byte> content = stackalloc byte[1];
        device.WriteRead([register], content);
        return content[0];
    }

    public static ushort ReadWord(I2cDevice device, byte register)
    {
        Span<byte> content = stackalloc byte[2];
        device.WriteRead([register], content);
        return BinaryPrimitives.ReadUInt16BigEndian(content);
    }

    public static void WriteByte(I2cDevice device, byte register, byte content) => device.Write([register, content]);

    public static void WriteWord(I2cDevice device, byte register, ushort content) =>
        device.Write([register, unchecked((byte)(content >> 8)), unchecked((byte)content)]);

    /// <summary>All zeros is a data line held low, all ones a line that nobody drives: no register that is checked here may hold
    /// either.</summary>
    public static bool IsBrokenLine(ushort word) => word is 0x0000 or 0xFFFF;
}
