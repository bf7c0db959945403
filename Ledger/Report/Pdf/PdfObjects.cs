using System.Buffers;
using System.Globalization;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;

namespace Ledger.Report.Pdf;

/// <summary>The objects of a PDF file (ISO 32000-1), their places, and the table that finds them.</summary>
internal sealed class PdfObjects
{
    private readonly ArrayBufferWriter<byte> file = new(1 << 20);
    private readonly List<int> places = [0];

    /// <summary>The second line tells tools that the file is not text.</summary>
    public PdfObjects() => file.Write("%PDF-1.7\n%\u00E2\u00E3\u00CF\u00D3\n"u8);

    /// <summary>A number for an object that is written later.</summary>
    public int Reserve()
    {
        places.Add(0);
        return places.Count - 1;
    }

    public void Write(int id, string body)
    {
        places[id] = file.WrittenCount;
        Text(string.Create(CultureInfo.InvariantCulture, $"{id} 0 obj\n{body}\nendobj\n"));
    }

    /// <summary>Writes a stream, packed.</summary>
    /// <param name="entries">Entries of its dictionary beside length and filter.</param>
    public void Stream(int id, string entries, ReadOnlySpan<byte> content)
    {
        var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.Optimal, leaveOpen: true))
        {
            zlib.Write(content);
        }

        Raw(id, $"/Filter /FlateDecode {entries}", packed.GetBuffer().AsSpan(0, (int)packed.Length));
    }

    /// <summary>Writes a stream as it is.</summary>
    public void Raw(int id, string entries, ReadOnlySpan<byte> content)
    {
        places[id] = file.WrittenCount;
        Text(string.Create(CultureInfo.InvariantCulture, $"{id} 0 obj\n<< {entries} /Length {content.Length} >>\nstream\n"));
        file.Write(content);
        file.Write("\nendstream\nendobj\n"u8);
    }

    /// <summary>The whole file. Its identity is the hash of its content: the same evidence gives the same bytes.</summary>
    public byte[] Close(int catalog, int information)
    {
        var table = file.WrittenCount;
        var identity = Convert.ToHexString(SHA256.HashData(file.WrittenSpan).AsSpan(0, 16));
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"xref\n0 {places.Count}\n0000000000 65535 f \n");
        foreach (var place in places.Skip(1))
        {
            text.Append(CultureInfo.InvariantCulture, $"{place:0000000000} 00000 n \n");
        }

        text.Append(CultureInfo.InvariantCulture, $"trailer\n<< /Size {places.Count} /Root {catalog} 0 R /Info {information} 0 R " +
            $"/ID [<{identity}> <{identity}>] >>\nstartxref\n{table}\n%%EOF\n");
        Text(text.ToString());
        return file.WrittenSpan.ToArray();
    }

    /// <summary>A text for people, in any script.</summary>
    public static string Word(string text) => $"<FEFF{Convert.ToHexString(Encoding.BigEndianUnicode.GetBytes(text))}>";

    /// <summary>An instant as PDF writes it.</summary>
    public static string Date(long ms) =>
        DateTimeOffset.FromUnixTimeMilliseconds(ms).ToString("'(D:'yyyyMMddHHmmss'Z)'", CultureInfo.InvariantCulture);

    private void Text(string text) => Encoding.Latin1.GetBytes(text, file);
}
