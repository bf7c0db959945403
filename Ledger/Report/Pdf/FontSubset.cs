using System.Buffers.Binary;
using System.Text;

namespace Ledger.Report.Pdf;

/// <summary>Writes a TrueType font with only the glyphs that a document uses. Glyphs are numbered anew in the order given, number 0
/// being the box for what is missing; parts of composed glyphs follow.</summary>
internal static class FontSubset
{
    private const uint ChecksumMagic = 0xB1B0AFBA;

    /// <param name="font">The whole font.</param>
    /// <param name="wanted">Glyphs of the whole font, in their new order; the first must be 0. One may stand there twice.</param>
    public static byte[] Write(TrueTypeFont font, IReadOnlyList<int> wanted)
    {
        var (outlines, places, sources) = Outlines(font, wanted);
        var tables = new SortedDictionary<string, byte[]>(StringComparer.Ordinal)
        {
            ["glyf"] = outlines,
            ["head"] = Patched(font.Table("head"), (8, 0u), (50, 1)), // Whole checksum unset; long locations.
            ["hhea"] = Patched(font.Table("hhea"), (34, (ushort)sources.Count)),
            ["hmtx"] = Metrics(font, sources),
            ["loca"] = places,
            ["maxp"] = Patched(font.Table("maxp"), (4, (ushort)sources.Count)),
        };
        foreach (var name in (string[])["cvt ", "fpgm", "prep"]) // Hints.
        {
            if (!font.Table(name).IsEmpty)
            {
                tables[name] = font.Table(name).ToArray();
            }
        }

        return Assemble(tables);
    }

    private static (byte[] Outlines, byte[] Places, List<int> Sources) Outlines(TrueTypeFont font, IReadOnlyList<int> wanted)
    {
        var sources = new List<int>(wanted);
        var parts = new Dictionary<int, int>();
        var glyf = new MemoryStream();
        var loca = new MemoryStream();
        for (var i = 0; i < sources.Count; i++) // It grows while it is walked.
        {
            WriteLong(loca, (uint)glyf.Length);
            var outline = font.Outline(sources[i]).ToArray();
            foreach (var at in TrueTypeFont.PartsOf(outline))
            {
                var part = TrueTypeFont.Word(outline, at);
                if (!parts.TryGetValue(part, out var number))
                {
                    number = sources.Count;
                    parts.Add(part, number);
                    sources.Add(part);
                }

                BinaryPrimitives.WriteUInt16BigEndian(outline.AsSpan(at), (ushort)number);
            }

            glyf.Write(outline);
            Align(glyf);
        }

        WriteLong(loca, (uint)glyf.Length);
        return (glyf.ToArray(), loca.ToArray(), sources);
    }

    private static byte[] Metrics(TrueTypeFont font, List<int> sources)
    {
        var bytes = new byte[4 * sources.Count];
        for (var i = 0; i < sources.Count; i++)
        {
            BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(4 * i), (ushort)font.AdvanceOf(sources[i]));
            BinaryPrimitives.WriteInt16BigEndian(bytes.AsSpan((4 * i) + 2), (short)font.BearingOf(sources[i]));
        }

        return bytes;
    }

    private static byte[] Patched(ReadOnlySpan<byte> table, params (int At, object Value)[] changes)
    {
        var bytes = table.ToArray();
        foreach (var (at, value) in changes)
        {
            if (value is uint wide)
            {
                BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(at), wide);
            }
            else
            {
                BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(at), Convert.ToUInt16(value, System.Globalization.CultureInfo.InvariantCulture));
            }
        }

        return bytes;
    }

    private static byte[] Assemble(SortedDictionary<string, byte[]> tables)
    {
        var power = 1;
        while (power * 2 <= tables.Count)
        {
            power *= 2;
        }

        var header = new MemoryStream();
        WriteLong(header, 0x00010000);
        foreach (var number in (int[])[tables.Count, 16 * power, int.Log2(power), (16 * tables.Count) - (16 * power)])
        {
            header.Write([(byte)(number >> 8), (byte)number]);
        }

        var body = new MemoryStream();
        var start = 12 + (16 * tables.Count);
        var head = 0;
        foreach (var (name, bytes) in tables)
        {
            if (name == "head")
            {
                head = start + (int)body.Length;
            }

            header.Write(Encoding.ASCII.GetBytes(name));
            WriteLong(header, Checksum(bytes));
            WriteLong(header, (uint)(start + body.Length));
            WriteLong(header, (uint)bytes.Length);
            body.Write(bytes);
            Align(body);
        }

        byte[] font = [.. header.ToArray(), .. body.ToArray()];
        BinaryPrimitives.WriteUInt32BigEndian(font.AsSpan(head + 8), unchecked(ChecksumMagic - Checksum(font)));
        return font;
    }

    private static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        var sum = 0u;
        Span<byte> last = stackalloc byte[4];
        for (; bytes.Length >= 4; bytes = bytes[4..])
        {
            sum = unchecked(sum + BinaryPrimitives.ReadUInt32BigEndian(bytes));
        }

        bytes.CopyTo(last);
        return unchecked(sum + BinaryPrimitives.ReadUInt32BigEndian(last));
    }

    private static void WriteLong(MemoryStream stream, uint value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        stream.Write(bytes);
    }

    private static void Align(MemoryStream stream)
    {
        while (stream.Length % 4 != 0)
        {
            stream.WriteByte(0);
        }
    }
}
