using System.Collections.Immutable;

namespace Evidence;

/// <summary>One reading inside a batch, without its channel, place and time, which its column gives.</summary>
/// <param name="Outcome">How the attempt ended.</param>
/// <param name="Temperature">Calibrated; null exactly when Outcome is not Measured.</param>
/// <param name="RawCode">What the chip's register held; not in a disclosed column.</param>
public readonly record struct BatchSample(Outcome Outcome, MilliCelsius? Temperature, int RawCode);

/// <summary>How a column of readings is packed: run lengths for times and outcomes, differences for temperatures and codes.</summary>
/// <remarks>
/// times: pairs (repeat, step in ms) after the first time, unsigned. outcomes: pairs (repeat, status). temperatures: for each Measured
/// reading the
/// signed difference to the one before, the first to 0. codes: for each reading the signed difference to the one before. All are varints.
/// A repeat is at least 1, and two neighbouring runs differ: one way to write a column.
/// </remarks>
internal static class ColumnPacking
{
    public static byte[] PackTimes(ReadOnlySpan<long> times)
    {
        var steps = new long[Math.Max(0, times.Length - 1)];
        for (var i = 0; i < steps.Length; i++)
        {
            steps[i] = times[i + 1] - times[i];
        }

        return PackRuns(steps);
    }

    public static ImmutableArray<long> UnpackTimes(long first, int count, ReadOnlySpan<byte> packed)
    {
        if (count == 0)
        {
            return packed.IsEmpty ? [] : throw new MalformedEvidenceException("A column without readings has time steps.");
        }

        var times = new long[count];
        times[0] = first;
        var steps = UnpackRuns(count - 1, packed);
        for (var i = 1; i < count; i++)
        {
            times[i] = times[i - 1] + steps[i - 1];
        }

        return times[^1] <= Moment.WallCeilingMs
            ? ImmutableArray.Create(times)
            : throw new MalformedEvidenceException("A reading's time is beyond the ceiling.");
    }

    public static byte[] PackOutcomes(ReadOnlySpan<BatchSample> samples)
    {
        var statuses = new long[samples.Length];
        for (var i = 0; i < samples.Length; i++)
        {
            statuses[i] = Status.FromOutcome(samples[i].Outcome);
        }

        return PackRuns(statuses);
    }

    public static byte[] PackTemperatures(ReadOnlySpan<BatchSample> samples)
    {
        var packed = new List<byte>(samples.Length + 8);
        long before = 0;
        foreach (var sample in samples)
        {
            if (sample.Temperature is { } temperature)
            {
                Varint.WriteSigned(packed, temperature.Value - before);
                before = temperature.Value;
            }
        }

        return [.. packed];
    }

    public static byte[] PackCodes(ReadOnlySpan<BatchSample> samples)
    {
        var packed = new List<byte>(samples.Length + 8);
        long before = 0;
        foreach (var sample in samples)
        {
            Varint.WriteSigned(packed, sample.RawCode - before);
            before = sample.RawCode;
        }

        return [.. packed];
    }

    /// <param name="codes">Empty when the column is disclosed without raw codes; then they are 0.</param>
    public static ImmutableArray<BatchSample> UnpackSamples(
        int count, ReadOnlySpan<byte> outcomes, ReadOnlySpan<byte> temperatures, ReadOnlySpan<byte> codes)
    {
        var withCodes = !codes.IsEmpty;
        var statuses = UnpackRuns(count, outcomes);
        var samples = ImmutableArray.CreateBuilder<BatchSample>(count);
        long temperature = 0, code = 0;
        for (var i = 0; i < count; i++)
        {
            var outcome = Status.ToOutcome((int)Math.Min(statuses[i], int.MaxValue));
            MilliCelsius? value = null;
            if (outcome == Outcome.Measured)
            {
                temperature = Bounded(temperature, Varint.ReadSigned(ref temperatures), "temperature");
                value = new((int)temperature);
            }

            if (withCodes)
            {
                code = Bounded(code, Varint.ReadSigned(ref codes), "raw code");
            }

            samples.Add(new(outcome, value, (int)code));
        }

        return temperatures.IsEmpty && codes.IsEmpty
            ? samples.MoveToImmutable()
            : throw new MalformedEvidenceException("A column holds more values than it has readings.");
    }

    private static long Bounded(long before, long difference, string what)
    {
        var sum = unchecked(before + difference);
        return sum is >= int.MinValue and <= int.MaxValue && difference is >= -(1L << 33) and <= 1L << 33
            ? sum
            : throw new MalformedEvidenceException($"A {what} in a column is out of its range.");
    }

    private static byte[] PackRuns(ReadOnlySpan<long> values)
    {
        var packed = new List<byte>();
        for (var i = 0; i < values.Length;)
        {
            var end = i + 1;
            while (end < values.Length && values[end] == values[i])
            {
                end++;
            }

            Varint.Write(packed, (ulong)(end - i));
            Varint.Write(packed, (ulong)values[i]);
            i = end;
        }

        return [.. packed];
    }

    /// <summary>The count is known and bounded by the caller, so nothing more than it is ever allocated.</summary>
    private static long[] UnpackRuns(int count, ReadOnlySpan<byte> packed)
    {
        var values = new long[count];
        var filled = 0;
        var before = -1L;
        while (filled < count)
        {
            var repeat = Varint.Read(ref packed);
            var value = Varint.Read(ref packed);
            if (repeat == 0 || repeat > (ulong)(count - filled) || value > (ulong)Moment.WallCeilingMs || (long)value == before)
            {
                throw new MalformedEvidenceException($"A run of {repeat} × {value} in a column does not fit the {count - filled} "
                    + $"readings left, or repeats the run before.");
            }

            before = (long)value;
            values.AsSpan(filled, (int)repeat).Fill(before);
            filled += (int)repeat;
        }

        return packed.IsEmpty ? values : throw new MalformedEvidenceException("A column holds more runs than it has readings.");
    }
}

/// <summary>All of one channel's readings of one batch, disclosed: with its salt key a verifier rebuilds every reading leaf.</summary>
/// <param name="Channel">The channel.</param>
/// <param name="SaltKey">Salt key of the channel's readings, 32 bytes (<see cref="SaltKeys.Derive"/> with kind Reading).</param>
/// <param name="First">Place of the first reading in the batch's tree.</param>
/// <param name="FirstSequence">Its sequence number.</param>
/// <param name="Times">Wall milliseconds, one per reading, not falling.</param>
/// <param name="Samples">One per reading; raw codes are 0 here.</param>
/// <remarks><code>column = [ch: uint, key: bstr .size 32, first: uint, seq0: uint, t0: uint, count: uint, times: bstr, outcomes: bstr,
/// temperatures: bstr]</code></remarks>
public sealed record DisclosedColumn(ChannelId Channel, ImmutableArray<byte> SaltKey, int First, long FirstSequence,
    ImmutableArray<long> Times, ImmutableArray<BatchSample> Samples)
{
    public byte[] Encode()
    {
        var writer = CborStrict.Writer();
        writer.WriteStartArray(9);
        writer.WriteInt32(Channel.Value);
        writer.WriteByteString(SaltKey.AsSpan());
        writer.WriteInt32(First);
        writer.WriteInt64(FirstSequence);
        writer.WriteInt64(Times[0]);
        writer.WriteInt32(Samples.Length);
        writer.WriteByteString(ColumnPacking.PackTimes(Times.AsSpan()));
        writer.WriteByteString(ColumnPacking.PackOutcomes(Samples.AsSpan()));
        writer.WriteByteString(ColumnPacking.PackTemperatures(Samples.AsSpan()));
        writer.WriteEndArray();
        return writer.Encode();
    }

    /// <exception cref="MalformedEvidenceException">Not such a column; a column without readings is not written.</exception>
    public static DisclosedColumn Decode(ReadOnlyMemory<byte> bytes) =>
        CborStrict.Read("column", bytes, BatchLimits.BodyLengthMax, reader =>
    {
        reader.Array(9, "column");
        var channel = new ChannelId((ushort)reader.Integer(0, BatchLimits.ChannelsMax - 1, "channel"));
        var key = reader.Bytes(SaltKeys.Length, SaltKeys.Length, "salt key");
        var first = (int)reader.Integer(0, BatchLimits.LeavesMax, "first place");
        var sequence = reader.Integer(0, Leaf.NumberMax - BatchLimits.LeavesMax, "first sequence");
        var time = reader.Integer(Moment.WallFloorMs, Moment.WallCeilingMs, "first time");
        var count = (int)reader.Integer(1, BatchLimits.LeavesMax, "count");
        var times = reader.ReadByteString();
        var outcomes = reader.ReadByteString();
        var temperatures = reader.ReadByteString();
        reader.ReadEndArray();
        return new DisclosedColumn(channel, ImmutableArray.Create(key), first, sequence, ColumnPacking.UnpackTimes(time, count, times),
            ColumnPacking.UnpackSamples(count, outcomes, temperatures, []));
    });

    /// <summary>The leaves of the column, in order of place.</summary>
    public IEnumerable<ReadingLeaf> Leaves()
    {
        using var salts = new ColumnSalts(SaltKey.AsSpan());
        for (var i = 0; i < Samples.Length; i++)
        {
            yield return new(salts.At(First + i), Channel, FirstSequence + i, Times[i], Samples[i].Temperature, Samples[i].Outcome);
        }
    }
}
