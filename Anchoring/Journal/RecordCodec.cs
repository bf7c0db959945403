using System.Collections.Immutable;
using System.Formats.Cbor;
using Evidence;

namespace Anchoring;

/// <summary>The payloads of the journal's frames: deterministic CBOR. They never leave the gateway.</summary>
/// <remarks>
/// <code>
/// moment   = boot: uint, uptime: uint, wall: uint, trust: uint, err: uint             ; five fields in line
/// round    = [batch: uint, moment, samples: [* outcome: uint, raw: int, temperature: int / null]]
/// event    = [batch: uint, moment, ch: uint / null, kind: uint, t: uint, detail: bstr]
/// boot     = [boot: uint]
/// seal     = [statement: bstr, key: bstr .size 32, beaconNote: tstr, sequences: [* uint]]
/// receipt  = [digest: bstr .size 32, text: tstr, note: tstr, size: uint]
/// manifest = [statement: bstr, openings: bstr]
/// close    = [batch: uint, moment]
/// resume   = [next: uint, prev: bstr .size 32, sequences: [* uint], bootShift: uint, withdrawnFrom: uint / null, covered: [* uint]]
/// opening  = [3, boot: uint, next: uint, prev: bstr .size 32, sequences: [* uint], split: bool, last: [moment] / null, stopped: bool,
///             note: tstr, size: uint, sealedBeacon: bstr .size 32, manifests: [* [statement: bstr, receipt: tstr / null, openings: bstr]],
///             nextToSign: uint, signedSequences: [* uint], bootShift: uint]
/// </code>
/// </remarks>
internal static class RecordCodec
{
    private const int OpeningVersion = 3;

    public static byte[] Encode(RoundRecord round)
    {
        var writer = Start(7);
        writer.WriteInt64(round.Batch);
        WriteMoment(writer, round.Moment);
        writer.WriteStartArray(round.Samples.Length * 3);
        foreach (var sample in round.Samples)
        {
            writer.WriteInt32((int)sample.Outcome);
            writer.WriteInt32(sample.RawCode);
            WriteNumberOrNull(writer, sample.Temperature?.Value);
        }

        writer.WriteEndArray();
        return End(writer);
    }

    public static byte[] Encode(EventRecord happened)
    {
        var writer = Start(10);
        writer.WriteInt64(happened.Batch);
        WriteMoment(writer, happened.Moment);
        WriteNumberOrNull(writer, happened.Happened.Channel?.Value);
        writer.WriteInt32((int)happened.Happened.Kind);
        writer.WriteInt64(happened.Happened.TimeMs);
        writer.WriteByteString(happened.Happened.Detail.AsSpan());
        return End(writer);
    }

    public static byte[] Encode(BootRecord boot)
    {
        var writer = Start(1);
        writer.WriteUInt32(boot.Boot);
        return End(writer);
    }

    public static byte[] Encode(SealRecord seal)
    {
        var writer = Start(4);
        writer.WriteByteString(seal.Statement.Bytes.AsSpan());
        writer.WriteByteString(seal.Key.AsSpan());
        writer.WriteTextString(seal.BeaconNote);
        WriteNumbers(writer, seal.NextSequences);
        return End(writer);
    }

    public static byte[] Encode(ReceiptRecord receipt)
    {
        var writer = Start(4);
        writer.WriteByteString(receipt.Statement.ToBytes());
        writer.WriteTextString(receipt.Text);
        writer.WriteTextString(receipt.Note);
        writer.WriteInt64(receipt.TreeSize);
        return End(writer);
    }

    public static byte[] Encode(CloseRecord close)
    {
        var writer = Start(6);
        writer.WriteInt64(close.Batch);
        WriteMoment(writer, close.Moment);
        return End(writer);
    }

    public static byte[] Encode(ResumeRecord resume)
    {
        var writer = Start(6);
        writer.WriteInt64(resume.Number);
        writer.WriteByteString(resume.Previous.ToBytes());
        WriteNumbers(writer, resume.Sequences);
        writer.WriteUInt32(resume.BootShift);
        if (resume.WithdrawnFrom is { } from)
        {
            writer.WriteInt64(from);
        }
        else
        {
            writer.WriteNull();
        }

        WriteNumbers(writer, resume.Covered);
        return End(writer);
    }

    public static byte[] EncodeManifest(Statement statement)
    {
        var writer = Start(2);
        writer.WriteByteString(statement.Bytes.AsSpan());
        writer.WriteByteString(statement.Openings.AsSpan());
        return End(writer);
    }

    public static byte[] Encode(OpeningRecord opening)
    {
        var writer = Start(15);
        writer.WriteInt32(OpeningVersion);
        writer.WriteUInt32(opening.Boot);
        writer.WriteInt64(opening.NextNumber);
        writer.WriteByteString(opening.Previous.ToBytes());
        WriteNumbers(writer, opening.Sequences);
        writer.WriteBoolean(opening.OpenIsSplit);
        if (opening.Last is { } last)
        {
            writer.WriteStartArray(5);
            WriteMoment(writer, last);
            writer.WriteEndArray();
        }
        else
        {
            writer.WriteNull();
        }

        writer.WriteBoolean(opening.Stopped);
        writer.WriteTextString(opening.BeaconNote);
        writer.WriteInt64(opening.BeaconSize);
        writer.WriteByteString(opening.SealedBeacon.ToBytes());
        writer.WriteStartArray(opening.Manifests.Length);
        foreach (var manifest in opening.Manifests)
        {
            writer.WriteStartArray(3);
            writer.WriteByteString(manifest.Statement.Bytes.AsSpan());
            if (manifest.Receipt is { } receipt)
            {
                writer.WriteTextString(receipt);
            }
            else
            {
                writer.WriteNull();
            }

            writer.WriteByteString(manifest.Statement.Openings.AsSpan());
            writer.WriteEndArray();
        }

        writer.WriteEndArray();
        writer.WriteInt64(opening.NextToSign);
        WriteNumbers(writer, opening.SignedSequences);
        writer.WriteUInt32(opening.BootShift);
        return End(writer);
    }

    public static RoundRecord DecodeRound(Frame frame) => Decode(frame, 7, reader =>
    {
        var batch = reader.ReadInt64();
        var moment = ReadMoment(reader);
        var count = (reader.ReadStartArray() ?? 0) / 3;
        var samples = ImmutableArray.CreateBuilder<BatchSample>(count);
        for (var i = 0; i < count; i++)
        {
            var outcome = (Outcome)reader.ReadInt32();
            var code = reader.ReadInt32();
            MilliCelsius? temperature = ReadNumberOrNull(reader) is { } number ? new((int)number) : null;
            samples.Add(new(outcome, temperature, code));
        }

        reader.ReadEndArray();
        return new RoundRecord(batch, moment, samples.MoveToImmutable());
    });

    public static EventRecord DecodeEvent(Frame frame) => Decode(frame, 10, reader =>
    {
        var batch = reader.ReadInt64();
        var moment = ReadMoment(reader);
        ChannelId? channel = ReadNumberOrNull(reader) is { } number ? new((ushort)number) : null;
        var kind = (EventKind)reader.ReadInt32();
        var time = reader.ReadInt64();
        return new EventRecord(batch, moment, new(channel, kind, time, ImmutableArray.Create(reader.ReadByteString())));
    });

    public static BootRecord DecodeBoot(Frame frame) => Decode(frame, 1, reader => new BootRecord(reader.ReadUInt32()));

    public static SealRecord DecodeSeal(Frame frame) => Decode(frame, 4, reader =>
    {
        var statement = Statement.Decode(reader.ReadByteString());
        _ = BatchHeader.Decode(statement.Payload); // F-97: whoever replays the seal reads its header, and that must not fail there.
        return new SealRecord(statement, ImmutableArray.Create(reader.ReadByteString()), reader.ReadTextString(), ReadNumbers(reader));
    });

    public static ReceiptRecord DecodeReceipt(Frame frame) => Decode(frame, 4, reader =>
        new ReceiptRecord(Digest.FromBytes(reader.ReadByteString()), reader.ReadTextString(), reader.ReadTextString(), reader.ReadInt64()));

    public static EnrolledManifest DecodeManifest(Frame frame) => Decode(frame, 2, reader =>
    {
        var statement = Statement.Decode(reader.ReadByteString()).With([.. reader.ReadByteString()]);
        return new EnrolledManifest(statement, Manifest.Decode(statement), null);
    });

    public static CloseRecord DecodeClose(Frame frame) => Decode(frame, 6, reader => new CloseRecord(reader.ReadInt64(), ReadMoment(reader)));

    public static ResumeRecord DecodeResume(Frame frame) => Decode(frame, 6, reader => new ResumeRecord(reader.ReadInt64(),
        Digest.FromBytes(reader.ReadByteString()), ReadNumbers(reader), reader.ReadUInt32(), ReadNumberOrNull(reader), ReadNumbers(reader)));

    public static OpeningRecord DecodeOpening(Frame frame) => Decode(frame, null, reader =>
    {
        var version = reader.ReadInt32();
        if (version != OpeningVersion)
        {
            // F-15: said before the fields are counted, because another version may have another number of them.
            throw new EvidenceBrokenException($"The journal's {frame.Place} is of version {version}; this program reads {OpeningVersion}. "
                + "Install the newer gateway again; nothing was changed.");
        }

        var (boot, next, previous) = (reader.ReadUInt32(), reader.ReadInt64(), Digest.FromBytes(reader.ReadByteString()));
        var sequences = ReadNumbers(reader);
        var split = reader.ReadBoolean();
        var last = ReadLast(reader);
        var (stopped, note, size) = (reader.ReadBoolean(), reader.ReadTextString(), reader.ReadInt64());
        var sealedBeacon = Digest.FromBytes(reader.ReadByteString());
        var manifests = ReadManifests(reader);
        var (nextToSign, signed, shift) = (reader.ReadInt64(), ReadNumbers(reader), reader.ReadUInt32());
        return new OpeningRecord(boot, next, previous, sequences, split, last, stopped, note, size, sealedBeacon, manifests, nextToSign, signed,
            shift);
    });

    private static Moment? ReadLast(CborReader reader)
    {
        if (reader.PeekState() == CborReaderState.Null)
        {
            reader.ReadNull();
            return null;
        }

        reader.ReadStartArray();
        var last = ReadMoment(reader);
        reader.ReadEndArray();
        return last;
    }

    private static ImmutableArray<EnrolledManifest> ReadManifests(CborReader reader)
    {
        var manifests = ImmutableArray.CreateBuilder<EnrolledManifest>();
        for (var left = reader.ReadStartArray() ?? 0; left > 0; left--)
        {
            reader.ReadStartArray();
            var statement = Statement.Decode(reader.ReadByteString());
            string? receipt = null;
            if (reader.PeekState() == CborReaderState.Null)
            {
                reader.ReadNull();
            }
            else
            {
                receipt = reader.ReadTextString();
            }

            statement = statement.With([.. reader.ReadByteString()]);
            reader.ReadEndArray();
            manifests.Add(new(statement, Manifest.Decode(statement), receipt));
        }

        reader.ReadEndArray();
        return manifests.ToImmutable();
    }

    private static CborWriter Start(int fields)
    {
        var writer = new CborWriter(CborConformanceMode.Canonical);
        writer.WriteStartArray(fields);
        return writer;
    }

    private static byte[] End(CborWriter writer)
    {
        writer.WriteEndArray();
        return writer.Encode();
    }

    /// <param name="fields">How many there must be; null when <paramref name="read"/> reads the version first and then all of its
    /// fields.</param>
    private static T Decode<T>(Frame frame, int? fields, Func<CborReader, T> read)
    {
        try
        {
            var reader = new CborReader(frame.Payload, CborConformanceMode.Canonical);
            var found = reader.ReadStartArray();
            if (fields is not null && found != fields)
            {
                throw new CborContentException($"{found} fields, not {fields}");
            }

            var record = read(reader);
            reader.ReadEndArray();
            return record;
        }
        catch (Exception fault) when (fault is CborContentException or InvalidOperationException or OverflowException or MalformedEvidenceException
            or ArgumentException)
        {
            // The check sum held, so this is what was written: another version's frame, or a fault of ours. Never guess.
            throw new EvidenceBrokenException($"The journal's frame {frame.Sequence} ({frame.Kind}, {frame.Place}) does not have its form.",
                fault);
        }
    }

    private static void WriteMoment(CborWriter writer, Moment moment)
    {
        writer.WriteUInt32(moment.Boot);
        writer.WriteInt64(moment.UptimeMs);
        writer.WriteInt64(moment.WallMs);
        writer.WriteInt32((int)moment.Trust);
        writer.WriteUInt32(moment.ErrorMs);
    }

    private static Moment ReadMoment(CborReader reader) =>
        new(reader.ReadUInt32(), reader.ReadInt64(), reader.ReadInt64(), (ClockTrust)reader.ReadInt32(), reader.ReadUInt32());

    private static void WriteNumbers(CborWriter writer, ImmutableArray<long> numbers)
    {
        writer.WriteStartArray(numbers.Length);
        foreach (var number in numbers)
        {
            writer.WriteInt64(number);
        }

        writer.WriteEndArray();
    }

    private static ImmutableArray<long> ReadNumbers(CborReader reader)
    {
        var numbers = ImmutableArray.CreateBuilder<long>();
        for (var left = reader.ReadStartArray() ?? 0; left > 0; left--)
        {
            numbers.Add(reader.ReadInt64());
        }

        reader.ReadEndArray();
        return numbers.ToImmutable();
    }

    private static void WriteNumberOrNull(CborWriter writer, int? value)
    {
        if (value is { } number)
        {
            writer.WriteInt32(number);
        }
        else
        {
            writer.WriteNull();
        }
    }

    private static long? ReadNumberOrNull(CborReader reader)
    {
        if (reader.PeekState() != CborReaderState.Null)
        {
            return reader.ReadInt64();
        }

        reader.ReadNull();
        return null;
    }
}
