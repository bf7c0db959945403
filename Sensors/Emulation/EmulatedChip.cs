namespace Sensors.Emulation;

/// <summary>Changes bytes on their way from a chip to the bus master.</summary>
public delegate void WireNoise(Span<byte> bytes);

/// <summary>A chip as its datasheet describes it, one byte at a time.</summary>
public abstract class EmulatedChip(int address)
{
    /// <summary>How many transfers <see cref="Transcript"/> remembers; older ones are forgotten.</summary>
    public const int TranscriptMax = 64;

    private readonly Queue<string> transcript = new();

    /// <summary>The seven-bit address it is strapped to.</summary>
    public int Address { get; } = address;

    /// <summary>The newest transfers: "W 0F R 2" is one write of 0F and two bytes read in one transaction.</summary>
    public IReadOnlyList<string> Transcript => [.. transcript];

    /// <summary>When set, every transfer to this chip fails with this errno; null for a sound chip.</summary>
    public int? FailsWith { get; set; }

    /// <summary>What happens to its answers on the wire; null for a sound wire.</summary>
    public WireNoise? Noise { get; set; }

    /// <summary>The supply came back: every register holds its power-up value, and no conversion has ended.</summary>
    public abstract void PowerUp();

    /// <summary>A conversion of this temperature has ended: the nearest code the chip can hold stands in its register.</summary>
    /// <param name="milliCelsius">Degrees Celsius, thousandths; beyond the register's range the end of the range stands there.</param>
    public abstract void FinishConversion(int milliCelsius);

    /// <summary>One transaction addressed to this chip: bytes written, then, after a repeated start, bytes read.</summary>
    internal void Transfer(ReadOnlySpan<byte> write, Span<byte> read)
    {
        Remember(write, read.Length);
        if (FailsWith is { } errno)
        {
            throw DriverFault.Transfer(errno);
        }

        if (!write.IsEmpty)
        {
            TakeBytes(write);
        }

        if (!read.IsEmpty)
        {
            GiveBytes(read);
            Noise?.Invoke(read);
        }
    }

    /// <summary>The master wrote these bytes, at least one.</summary>
    protected abstract void TakeBytes(ReadOnlySpan<byte> bytes);

    /// <summary>The master reads so many bytes, at least one.</summary>
    protected abstract void GiveBytes(Span<byte> bytes);

    /// <summary>value · multiplier / divisor to the nearest integer, held between the ends of a register.</summary>
    protected static int NearestCode(long value, long multiplier, long divisor, int lowest, int highest)
    {
        var product = value * multiplier;
        var half = product < 0 ? -(divisor / 2) : divisor / 2;
        return (int)Math.Clamp((product + half) / divisor, lowest, highest);
    }

    private void Remember(ReadOnlySpan<byte> write, int readLength)
    {
        if (transcript.Count == TranscriptMax)
        {
            transcript.Dequeue();
        }

        transcript.Enqueue((write.IsEmpty, readLength) switch
        {
            (false, 0) => $"W {Convert.ToHexString(write)}",
            (true, _) => $"R {readLength}",
            _ => $"W {Convert.ToHexString(write)} R {readLength}",
        });
    }
}

/// <summary>A chip whose registers stand behind a pointer byte, most significant byte first.</summary>
public abstract class EmulatedRegisterChip(int address) : EmulatedChip(address)
{
    private readonly Dictionary<byte, Register> registers = [];
    private byte pointer;

    private sealed record Register(int Bytes, ushort AtPowerUp, ushort Writable)
    {
        public ushort Content { get; set; } = AtPowerUp;
    }

    public override void PowerUp()
    {
        pointer = 0;
        foreach (var register in registers.Values)
        {
            register.Content = register.AtPowerUp;
        }
    }

    /// <summary>What a register holds, as if looked at through the package.</summary>
    public ushort this[byte register]
    {
        get => registers[register].Content;
        protected set => registers[register].Content = value;
    }

    /// <summary>Puts a value into a register past its write protection, as a defect or another program would.</summary>
    public void Tamper(byte register, ushort content) => registers[register].Content = content;

    /// <param name="register">The pointer that selects it.</param>
    /// <param name="bytes">1 or 2.</param>
    /// <param name="atPowerUp">The datasheet's reset value.</param>
    /// <param name="writable">The bits that a write changes; the others keep what they hold.</param>
    protected void Define(byte register, int bytes, ushort atPowerUp, ushort writable = 0) =>
        registers[register] = new(bytes, atPowerUp, writable);

    /// <summary>The register that a pointer byte selects; chips with few registers look at its lower bits only.</summary>
    protected virtual byte Select(byte pointerByte) => pointerByte;

    /// <summary>A register has just been read.</summary>
    protected virtual void HasBeenRead(byte register)
    {
    }

    protected override void TakeBytes(ReadOnlySpan<byte> bytes)
    {
        pointer = Select(bytes[0]);
        if (bytes.Length == 1 || !registers.TryGetValue(pointer, out var register) || bytes.Length - 1 < register.Bytes)
        {
            return; // A pointer alone, or half a register: nothing changes.
        }

        var written = (ushort)(register.Bytes == 1 ? bytes[1] : (bytes[1] << 8) | bytes[2]);
        register.Content = (ushort)((register.Content & ~register.Writable) | (written & register.Writable));
    }

    protected override void GiveBytes(Span<byte> bytes)
    {
        var (content, width) = registers.TryGetValue(pointer, out var register) ? (register.Content, register.Bytes) : ((ushort)0, 2);
        for (var index = 0; index < bytes.Length; index++)
        {
            bytes[index] = unchecked((byte)(width == 1 || index % 2 == 1 ? content : content >> 8));
        }

        HasBeenRead(pointer);
    }
}
