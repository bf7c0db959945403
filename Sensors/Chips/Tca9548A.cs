using System.Device.I2c;

namespace Sensors.Chips;

/// <summary>Texas Instruments TCA9548A, an eight-channel I2C switch at 0x70 to 0x77 (datasheet SCPS207, "Control Register").</summary>
/// <remarks>A switch that remembers nothing: it selects the channel before every transaction, reads it back before and after, and
/// switches all
/// off again, under one lock. A driver that trusts its memory of the channel gives, after a glitch, another probe's temperature.</remarks>
public sealed class Tca9548A(I2cBus bus, int address) : IDisposable
{
    /// <summary>How many channels the switch has, numbered from 0.</summary>
    public const int Channels = 8;

    private readonly Lock gate = new();
    private readonly I2cDevice control = bus.CreateDevice(address);
    private readonly Dictionary<int, I2cDevice> behind = [];

    /// <summary>The wires of one channel as a bus of their own: the chips behind it need not know of the switch.</summary>
    public I2cBus Channel(int channel)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(channel);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(channel, Channels);
        return new ChannelBus(this, channel);
    }

    /// <summary>Whether a TCA9548A answers: its only register takes what is written and gives it back.</summary>
    /// <exception cref="IOException">The bus gave no answer.</exception>
    public bool Identify()
    {
        lock (gate)
        {
            try
            {
                return TakesBack(0x00) && TakesBack(0x80) && TakesBack(0x01);
            }
            finally
            {
                control.WriteByte(0x00);
            }
        }
    }

    public void Dispose()
    {
        foreach (var device in behind.Values)
        {
            device.Dispose();
        }

        behind.Clear();
        control.Dispose();
    }

    private delegate void Transaction(I2cDevice device, ReadOnlySpan<byte> write, Span<byte> read);

    private bool TakesBack(byte mask)
    {
        control.WriteByte(mask);
        return control.ReadByte() == mask;
    }

    private void Through(int channel, int chipAddress, Transaction transaction, ReadOnlySpan<byte> write, Span<byte> read)
    {
        lock (gate)
        {
            var mask = (byte)(1 << channel);
            try
            {
                control.WriteByte(mask);
                ThrowUnlessSelected(mask, "before");
                transaction(DeviceAt(chipAddress), write, read);
                ThrowUnlessSelected(mask, "after"); // F-05: a glitch in between may have put another probe's bytes into the answer.
                control.WriteByte(0x00);
            }
            catch (IOException)
            {
                SwitchOff();
                throw;
            }
        }
    }

    private void ThrowUnlessSelected(byte mask, string when)
    {
        var selected = control.ReadByte();
        if (selected != mask)
        {
            throw new MuxFaultException($"The switch at 0x{address:X2} held 0x{selected:X2}, not 0x{mask:X2}, {when} the transfer: "
                + "check its supply and its reset line."); // Not an errno: nothing failed, yet the bytes may be another probe's.
        }
    }

    private void SwitchOff()
    {
        try
        {
            control.WriteByte(0x00);
        }
        catch (IOException)
        {
            // The first fault is on its way to the caller and says more; the next transaction selects anew in any case.
        }
    }

    // The bus refuses a second device at one address, and probes on different channels usually share theirs.
    private I2cDevice DeviceAt(int chipAddress) =>
        behind.TryGetValue(chipAddress, out var device) ? device : behind[chipAddress] = bus.CreateDevice(chipAddress);

    private sealed class ChannelBus(Tca9548A mux, int channel) : I2cBus
    {
        public override I2cDevice CreateDevice(int deviceAddress) => new ChannelDevice(mux, channel, deviceAddress);

        public override void RemoveDevice(int deviceAddress)
        {
            // Devices behind the switch are shared between channels and live as long as it does.
        }
    }

    private sealed class ChannelDevice(Tca9548A mux, int channel, int chipAddress) : I2cDevice
    {
        public override I2cConnectionSettings ConnectionSettings { get; } =
            new(mux.control.ConnectionSettings.BusId, chipAddress);

        public override void Read(Span<byte> buffer) =>
            mux.Through(channel, chipAddress, static (device, _, read) => device.Read(read), [], buffer);

        public override void Write(ReadOnlySpan<byte> buffer) =>
            mux.Through(channel, chipAddress, static (device, write, _) => device.Write(write), buffer, []);

        public override void WriteRead(ReadOnlySpan<byte> writeBuffer, Span<byte> readBuffer) =>
            mux.Through(channel, chipAddress, static (device, write, read) => device.WriteRead(write, read), writeBuffer, readBuffer);
    }
}

/// <summary>The switch in front of a probe did not hold the channel: what was read may come from another probe and is thrown
/// away.</summary>
public sealed class MuxFaultException : IOException
{
    public MuxFaultException() { }

    public MuxFaultException(string message) : base(message) { }

    public MuxFaultException(string message, Exception inner) : base(message, inner) { }
}
