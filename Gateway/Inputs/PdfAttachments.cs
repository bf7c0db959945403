using System.IO.Compression;
using System.Text;
using Evidence;

namespace Gateway.Inputs;

/// <summary>
/// The files that a PDF carries. Objects are gathered from the front, the last of a number counting, as incremental updates are meant;
/// cross-reference tables are not needed. This need not be hardened against a PDF that means different things to different readers: what is
/// found inside proves itself or does not, and the printed sheets prove nothing.
/// </summary>
internal sealed class PdfAttachments
{
    public const int LengthMax = 128 * 1024 * 1024;
    private const int ObjectsMax = 200_000;
    private const int FilesMax = 100;
    private const int DepthMax = 40;
    private readonly Dictionary<int, object?> objects = [];
    private readonly ReadOnlyMemory<byte> file;
    private object? root;
    private int unpackedLeft = 2 * Bundle.LengthMax;

    private PdfAttachments(ReadOnlyMemory<byte> file) => this.file = file;

    /// <summary>Names and contents of the files inside, at most a hundred.</summary>
    /// <exception cref="MalformedEvidenceException">The PDF is damaged, locked, or too large in some way.</exception>
    public static List<(string Name, ReadOnlyMemory<byte> Bytes)> Of(ReadOnlyMemory<byte> file)
    {
        var pdf = new PdfAttachments(file);
        pdf.Gather();
        if (Entries(pdf.Resolve(pdf.root)) is not { } catalog)
        {
            throw new MalformedEvidenceException("The PDF has no catalog: it is cut short or damaged.");
        }

        var found = new List<(string, ReadOnlyMemory<byte>)>();
        if (Entries(pdf.Resolve(Entries(pdf.Resolve(catalog.GetValueOrDefault("Names")))?.GetValueOrDefault("EmbeddedFiles"))) is { } tree)
        {
            pdf.Walk(tree, 0, found);
        }

        return found;
    }

    private void Walk(Dictionary<string, object?> node, int depth, List<(string Name, ReadOnlyMemory<byte> Bytes)> found)
    {
        if (depth == DepthMax)
        {
            throw new MalformedEvidenceException("The PDF's tree of names is too deep.");
        }

        if (Resolve(node.GetValueOrDefault("Names")) is List<object?> pairs)
        {
            for (var i = 0; i + 1 < pairs.Count; i += 2)
            {
                Take(Resolve(pairs[i]), Entries(Resolve(pairs[i + 1])), found);
            }
        }

        if (Resolve(node.GetValueOrDefault("Kids")) is List<object?> kids)
        {
            if (kids.Count > FilesMax)
            {
                throw new MalformedEvidenceException($"The PDF carries more than {FilesMax} files.");
            }

            kids.Select(kid => Entries(Resolve(kid))).OfType<Dictionary<string, object?>>().ToList().ForEach(kid => Walk(kid, depth + 1, found));
        }
    }

    private void Take(object? key, Dictionary<string, object?>? specification, List<(string Name, ReadOnlyMemory<byte> Bytes)> found)
    {
        var embedded = Entries(Resolve(specification?.GetValueOrDefault("EF")));
        if (Resolve(embedded?.GetValueOrDefault("UF") ?? embedded?.GetValueOrDefault("F")) is not PdfStream stream)
        {
            return;
        }

        if (found.Count == FilesMax)
        {
            throw new MalformedEvidenceException($"The PDF carries more than {FilesMax} files.");
        }

        var label = Resolve(specification!.GetValueOrDefault("UF") ?? specification!.GetValueOrDefault("F")) as byte[] ?? key as byte[] ?? [];
        found.Add((Text(label), Unpack(stream)));
    }

    private object? Resolve(object? value)
    {
        for (var hops = 0; value is PdfReference reference; hops++)
        {
            if (hops == DepthMax)
            {
                throw new MalformedEvidenceException("The references in the PDF run in a circle.");
            }

            value = objects.GetValueOrDefault(reference.Number);
        }

        return value;
    }

    /// <summary>A stream's content: as it is, or through FlateDecode. Bounded each and all together.</summary>
    private ReadOnlyMemory<byte> Unpack(PdfStream stream)
    {
        var filter = Resolve(stream.Dictionary.GetValueOrDefault("Filter"));
        var content = stream.Bytes;
        foreach (var name in (filter as List<object?> ?? [filter]).Select(Resolve).Where(name => name is not null))
        {
            if (name is not PdfName { Value: "FlateDecode" } || Resolve(stream.Dictionary.GetValueOrDefault("DecodeParms")) is not null)
            {
                throw new MalformedEvidenceException("The PDF packs an attached file in a way that this program does not know.");
            }

            content = Inflate(content);
        }

        return content;
    }

    private byte[] Inflate(ReadOnlyMemory<byte> packed)
    {
        var max = Math.Min(Bundle.LengthMax, unpackedLeft);
        using var content = new MemoryStream();
        try
        {
            using var zlib = new ZLibStream(new MemoryStream(packed.ToArray()), CompressionMode.Decompress);
            var buffer = new byte[81_920];
            for (var read = zlib.Read(buffer); read > 0; read = zlib.Read(buffer))
            {
                if (content.Length + read > max)
                {
                    throw new MalformedEvidenceException($"A file inside the PDF unpacks to more than {max} bytes.");
                }

                content.Write(buffer, 0, read);
            }
        }
        catch (InvalidDataException fault)
        {
            throw new MalformedEvidenceException("A file inside the PDF is damaged: " + fault.Message, fault);
        }

        unpackedLeft -= (int)content.Length;
        return content.ToArray();
    }

    private void Gather()
    {
        var reader = new PdfReader(file);
        var late = new List<(int Number, PdfStream Stream, int Start)>(); // Streams whose length is itself an object, perhaps a later one.
        while (reader.Word() is { } word)
        {
            if (word == "trailer")
            {
                TakeTrailer(Entries(reader.Value()));
            }

            if (reader.ObjectNumber(word) is { } number)
            {
                GatherObject(reader, number, late);
            }
        }

        foreach (var (number, stream, start) in late)
        {
            if (Resolve(stream.Dictionary["Length"]) is double and >= 0 and var length && start + length <= file.Length
                && ReferenceEquals(objects[number], stream))
            {
                objects[number] = stream with { Bytes = file.Slice(start, (int)length) };
            }
        }

        UnpackObjects();
    }

    private void GatherObject(PdfReader reader, int number, List<(int Number, PdfStream Stream, int Start)> late)
    {
        if (objects.Count == ObjectsMax)
        {
            throw new MalformedEvidenceException($"The PDF has more than {ObjectsMax} objects.");
        }

        var value = reader.Value();
        if (value is not Dictionary<string, object?> dictionary || reader.StreamStart() is not { } start)
        {
            objects[number] = value;
            return;
        }

        var length = dictionary.GetValueOrDefault("Length");
        var stream = new PdfStream(dictionary, file[start..reader.StreamEnd(start, length as double?)]);
        objects[number] = stream;
        if (length is PdfReference)
        {
            late.Add((number, stream, start));
        }

        if (dictionary.GetValueOrDefault("Type") is PdfName { Value: "XRef" })
        {
            TakeTrailer(dictionary);
        }
    }

    private void TakeTrailer(Dictionary<string, object?>? trailer)
    {
        if (trailer?.ContainsKey("Encrypt") == true)
        {
            throw new MalformedEvidenceException("The PDF is locked with a password.");
        }

        root = trailer?.GetValueOrDefault("Root") ?? root;
    }

    /// <summary>Objects that newer PDFs keep packed together.</summary>
    private void UnpackObjects()
    {
        foreach (var packed in objects.Values.OfType<PdfStream>().Where(stream => stream.Dictionary.GetValueOrDefault("Type")
            is PdfName { Value: "ObjStm" }).ToList())
        {
            if (Resolve(packed.Dictionary.GetValueOrDefault("N")) is not double count
                || Resolve(packed.Dictionary.GetValueOrDefault("First")) is not double first)
            {
                continue;
            }

            var content = Unpack(packed);
            var reader = new PdfReader(content);
            var places = new List<(int Number, int Place)>();
            for (var i = 0; i < count && i < ObjectsMax; i++)
            {
                if (reader.Value() is double and >= 0 and <= int.MaxValue and var number && reader.Value() is double offset
                    && first + offset >= 0 && first + offset < content.Length)
                {
                    places.Add(((int)number, (int)(first + offset)));
                }
            }

            var left = 2L * content.Length; // Objects lie one behind the other: reading them all passes over their stream about once.
            foreach (var (number, place) in places.Where(one => !objects.ContainsKey(one.Number)))
            {
                if (left <= 0)
                {
                    throw new MalformedEvidenceException("Objects that the PDF packs together overlap.");
                }

                reader.Place = place;
                objects[number] = reader.Value();
                left -= reader.Place - place;
            }
        }
    }

    private static Dictionary<string, object?>? Entries(object? value) =>
        value as Dictionary<string, object?> ?? (value as PdfStream)?.Dictionary;

    /// <summary>A text of a PDF: UTF-16 or UTF-8 where it says so, otherwise one byte a character.</summary>
    private static string Text(byte[] bytes) => bytes switch
    {
        [0xfe, 0xff, .. var wide] => Encoding.BigEndianUnicode.GetString(wide),
        [0xef, 0xbb, 0xbf, .. var utf8] => Encoding.UTF8.GetString(utf8),
        _ => Encoding.Latin1.GetString(bytes),
    };
}
