using System.Device.I2c;

namespace Sensors.Emulation;

/// <summary>What is wrong with the wires of an emulated bus.</summary>
public enum LineFault
{
    /// <summary>Nothing. The default.</summary>
    None = 0,

    /// <summary>The cable is off: no address is acknowledged.</summary>
    CableOff,

    /// <summary>SDA is shorted to ground: everything is acknowledged, everything reads zero, nothing arrives at the chips.</summary>
    DataLow,

    /// <summary>SDA floats after the address: everything reads ones, nothing arrives at the chips.</summary>
    DataFloating,

    /// <summary>SCL is held low: every transfer blocks until <see cref="EmulatedBus.ReleaseClock"/>, then fails.</summary>
    ClockLow,
}

/// <summary>The wires of an I2C bus with emulated chips on them, their faults, and the Linux driver's words for those.</summary>
/// <remarks>Open as often as you like: a handle is what the driver gives, the chips stay. Chips and faults are to be changed between
/// rounds;
/// <see cref="ReleaseClock"/> and <see cref="Line"/> may be used from any thread.</remarks>
public sealed class EmulatedBus : IDisposable
{
    private readonly List<EmulatedChip> chips = [];
    private readonly Lock gate = new();
    private readonly SemaphoreSlim clockReleased = new(0);
    private volatile LineFault line;

    /// <summary>What is wrong with the wires now.</summary>
    public LineFault Line { get => line; set => line = value; }

    /// <summary>What the adapter's driver gives when nobody acknowledges: 121 on a Raspberry Pi (the default), 6 with i2c-gpio.</summary>
    public int NoAcknowledgeErrno { get; set; } = 121;

    /// <summary>What the adapter's driver gives after a clock line was held low: 6 with i2c-gpio (the default), 110 on a Raspberry
    /// Pi.</summary>
    public int StuckClockErrno { get; set; } = 6;

    /// <summary>When set, the bus cannot be opened and this is the errno: 2 when there is no such device file.</summary>
    public int? OpenErrno { get; set; }

    /// <summary>How often the bus has been opened.</summary>
    public int OpenCount { get; private set; }

    /// <summary>How many handles are open now.</summary>
    public int OpenHandles { get; private set; }

    /// <summary>Called before each transfer, on the reading thread.</summary>
    public Action? BeforeTransfer { get; set; }

    /// <summary>Called when a transfer is about to block on a clock line held low.</summary>
    public Action? Blocking { get; set; }

    public void Attach(params ReadOnlySpan<EmulatedChip> newChips) => chips.AddRange(newChips);

    public void Detach(EmulatedChip chip) => chips.Remove(chip);

    /// <summary>The supply of every chip, behind switches too, failed and came back.</summary>
    public void BrownOut()
    {
        foreach (var mux in chips.OfType<EmulatedTca9548A>())
        {
            mux.Selected = 0xFF;
            foreach (var chip in mux.Connected)
            {
                chip.PowerUp();
            }
        }

        chips.ForEach(chip => chip.PowerUp());
    }

    /// <summary>Lets one blocked transfer fail, as the kernel does after its eight seconds. The line stays what <see cref="Line"/>
    /// says.</summary>
    public void ReleaseClock() => clockReleased.Release();

    /// <summary>Opens the bus as I2cBus.Create does; the number only stands in texts.</summary>
    /// <exception cref="IOException"><see cref="OpenErrno"/> is set.</exception>
    public I2cBus Open(int number)
    {
        if (OpenErrno is { } errno)
        {
            throw DriverFault.Open(errno, number);
        }

        OpenCount++;
        OpenHandles++;
        return new Handle(this, number);
    }

    public void Dispose() => clockReleased.Dispose();

    private void Transfer(int address, ReadOnlySpan<byte> write, Span<byte> read)
    {
        BeforeTransfer?.Invoke();
        switch (line)
        {
            case LineFault.CableOff:
                throw DriverFault.Transfer(NoAcknowledgeErrno);
            case LineFault.DataLow:
                read.Clear();
                return;
            case LineFault.DataFloating:
                read.Fill(0xFF);
                return;
            case LineFault.ClockLow:
                Blocking?.Invoke();
                clockReleased.Wait();
                throw DriverFault.Transfer(StuckClockErrno);
            case LineFault.None:
            default:
                break;
        }

        lock (gate)
        {
            TransferSound(address, write, read);
        }
    }

    private void TransferSound(int address, ReadOnlySpan<byte> write, Span<byte> read)
    {
        var behindSwitches = chips.OfType<EmulatedTca9548A>().SelectMany(mux => mux.Connected);
        var answering = chips.Concat(behindSwitches).Where(chip => chip.Address == address).ToArray();
        if (answering.Length == 0)
        {
            throw DriverFault.Transfer(NoAcknowledgeErrno);
        }

        read.Fill(0xFF);
        Span<byte> one = stackalloc byte[read.Length];
        foreach (var chip in answering)
        {
            chip.Transfer(write, one);
            for (var index = 0; index < one.Length; index++)
            {
                read[index] &= one[index]; // Two chips at one address: either can pull the line low, neither can push it high.
            }
        }
    }

    private sealed class Handle(EmulatedBus bus, int number) : I2cBus
    {
        private readonly HashSet<int> inUse = [];
        private bool isClosed;

        public override I2cDevice CreateDevice(int deviceAddress)
        {
            ObjectDisposedException.ThrowIf(isClosed, this);
            return inUse.Add(deviceAddress)
                ? new Device(this, number, deviceAddress)
                : throw new ArgumentException($"Device with address 0x{deviceAddress} is already open."); // The driver's own slip: decimal.
        }

        public override void RemoveDevice(int deviceAddress) => inUse.Remove(deviceAddress);

        public void Transfer(int address, ReadOnlySpan<byte> write, Span<byte> read)
        {
            ObjectDisposedException.ThrowIf(isClosed, this);
            bus.Transfer(address, write, read);
        }

        protected override void Dispose(bool disposing)
        {
            if (!isClosed)
            {
                isClosed = true;
                bus.OpenHandles--;
            }

            base.Dispose(disposing);
        }
    }

    private sealed class Device(Handle handle, int number, int address) : I2cDevice
    {
        private bool isClosed;

        public override I2cConnectionSettings ConnectionSettings { get; } = new(number, address);

        public override void Read(Span<byte> buffer) => WriteRead([], buffer);

        public override void Write(ReadOnlySpan<byte> buffer) => WriteRead(buffer, []);

        public override void WriteRead(ReadOnlySpan<byte> writeBuffer, Span<byte> readBuffer)
        {
            ObjectDisposedException.ThrowIf(isClosed, this);
            handle.Transfer(address, writeBuffer, readBuffer);
        }

        protected override void Dispose(bool disposing)
        {
            if (!isClosed)
            {
                isClosed = true;
                handle.RemoveDevice(address);
            }

            base.Dispose(disposing);
        }
    }
}
