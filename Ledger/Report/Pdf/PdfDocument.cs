using System.Globalization;
using System.Security;
using System.Text;

namespace Ledger.Report.Pdf;

/// <summary>What a file inside the document is to it (ISO 32000-2, 7.11.3).</summary>
internal enum AttachmentRelation
{
    /// <summary>What the pages show was taken from it.</summary>
    Data = 0,

    /// <summary>It belongs to it.</summary>
    Supplement,
}

/// <summary>A file inside the document.</summary>
internal sealed record Attachment(string Name, string MediaType, string Description, AttachmentRelation Relation, byte[] Content);

/// <summary>A tagged PDF 1.7 document of pages, fonts and attached files, in one language.</summary>
/// <param name="title">Its title, shown instead of the file's name.</param>
/// <param name="language">BCP 47.</param>
/// <param name="dateMs">The instant that it speaks of, which stands as its date: no clock is read, so the same evidence gives the same bytes.
/// </param>
internal sealed class PdfDocument(string title, string language, string producer, long dateMs)
{
    private readonly PdfObjects objects = new();
    private readonly List<EmbeddedFont> fonts = [];

    public List<PdfPage> Pages { get; } = [];

    public List<Attachment> Attachments { get; } = [];

    /// <summary>The document for those who listen to it.</summary>
    public PdfElement Root { get; } = new("Document", null);

    public EmbeddedFont Add(TrueTypeFont font, string name)
    {
        var embedded = new EmbeddedFont(font, name, string.Create(CultureInfo.InvariantCulture, $"F{fonts.Count}"));
        fonts.Add(embedded);
        return embedded;
    }

    public byte[] Write()
    {
        var (catalog, pages, structure, information) = (objects.Reserve(), objects.Reserve(), objects.Reserve(), objects.Reserve());
        var resources = WriteFonts();
        var pageIds = Pages.ConvertAll(_ => objects.Reserve());
        WriteElements(structure, pageIds);
        for (var i = 0; i < Pages.Count; i++)
        {
            WritePage(i, pageIds[i], pages, resources);
        }

        objects.Write(pages, $"<< /Type /Pages /Count {Pages.Count} /Kids [{Refs(pageIds)}] >>");
        var files = Attachments.ConvertAll(WriteAttachment);
        var names = Attachments.Select((file, i) => (file.Name, Id: files[i])).OrderBy(file => file.Name, StringComparer.Ordinal)
            .Select(file => $"{PdfObjects.Word(file.Name)} {file.Id} 0 R");
        var metadata = objects.Reserve();
        objects.Raw(metadata, "/Type /Metadata /Subtype /XML", Encoding.UTF8.GetBytes(Metadata()));
        objects.Write(catalog, $"<< /Type /Catalog /Pages {pages} 0 R /Lang ({language}) /MarkInfo << /Marked true >> " +
            $"/StructTreeRoot {structure} 0 R /Metadata {metadata} 0 R /ViewerPreferences << /DisplayDocTitle true >> " +
            $"/Names << /EmbeddedFiles << /Names [{string.Join(' ', names)}] >> >> /AF [{Refs(files)}] >>");
        objects.Write(information, $"<< /Title {PdfObjects.Word(title)} /Producer {PdfObjects.Word(producer)} " +
            $"/CreationDate {PdfObjects.Date(dateMs)} /ModDate {PdfObjects.Date(dateMs)} >>");
        return objects.Close(catalog, information);
    }

    private string WriteFonts()
    {
        var names = new StringBuilder();
        foreach (var font in fonts.Where(font => font.IsUsed))
        {
            var id = objects.Reserve();
            font.Write(objects, id);
            names.Append(CultureInfo.InvariantCulture, $"/{font.Resource} {id} 0 R ");
        }

        return $"<< /Font << {names}>> >>";
    }

    private void WritePage(int number, int id, int parent, string resources)
    {
        var page = Pages[number];
        var content = objects.Reserve();
        objects.Stream(content, "", page.Content);
        var links = page.Links.ConvertAll(link =>
        {
            var annotation = objects.Reserve();
            var (left, top) = (link.X, page.Height - link.Y);
            objects.Write(annotation, string.Create(CultureInfo.InvariantCulture, $"<< /Type /Annot /Subtype /Link /F 4 /Border [0 0 0] " +
                $"/Rect [{left:0.##} {top - link.Height:0.##} {left + link.Width:0.##} {top:0.##}] /Contents {PdfObjects.Word(link.Address)} " +
                $"/A << /S /URI /URI <{Convert.ToHexString(Encoding.UTF8.GetBytes(link.Address))}> >> >>"));
            return annotation;
        });
        objects.Write(id, string.Create(CultureInfo.InvariantCulture, $"<< /Type /Page /Parent {parent} 0 R " +
            $"/MediaBox [0 0 {page.Width:0.##} {page.Height:0.##}] /Resources {resources} /Contents {content} 0 R " +
            $"/StructParents {number} /Tabs /S{(links.Count == 0 ? "" : $" /Annots [{Refs(links)}]")} >>"));
    }

    /// <summary>The tree of elements, and which element each mark of each page belongs to.</summary>
    private void WriteElements(int tree, List<int> pageIds)
    {
        var all = new List<PdfElement>();
        Collect(Root, all);
        all.ForEach(element => element.Id = objects.Reserve());
        foreach (var element in all)
        {
            var kids = element.Kids.Select(kid => kid.Element is { } inner ? $"{inner.Id} 0 R"
                : $"<< /Type /MCR /Pg {pageIds[Pages.IndexOf(kid.Page!)]} 0 R /MCID {kid.Mark} >>");
            var description = element.Description is { } words ? $" /Alt {PdfObjects.Word(words)}" : "";
            var scope = element.Role == "TH" ? " /A << /O /Table /Scope /Column >>" : "";
            objects.Write(element.Id, $"<< /Type /StructElem /S /{element.Role} /P {element.Parent?.Id ?? tree} 0 R{description}{scope} " +
                $"/K [{string.Join(' ', kids)}] >>");
        }

        var parents = Pages.Select((page, number) => $"{number} [{Refs(page.Marks.ConvertAll(mark => mark.Id))}]");
        objects.Write(tree, $"<< /Type /StructTreeRoot /K {Root.Id} 0 R /ParentTree << /Nums [{string.Join(' ', parents)}] >> " +
            $"/ParentTreeNextKey {Pages.Count} >>");
    }

    private static void Collect(PdfElement element, List<PdfElement> all)
    {
        all.Add(element);
        foreach (var kid in element.Kids)
        {
            if (kid.Element is { } inner)
            {
                Collect(inner, all);
            }
        }
    }

    private int WriteAttachment(Attachment file)
    {
        var (content, specification) = (objects.Reserve(), objects.Reserve());
        objects.Stream(content, $"/Type /EmbeddedFile /Subtype /{file.MediaType.Replace("/", "#2F", StringComparison.Ordinal)} " +
            $"/Params << /Size {file.Content.Length} /ModDate {PdfObjects.Date(dateMs)} >>", file.Content);
        var name = PdfObjects.Word(file.Name);
        objects.Write(specification, $"<< /Type /Filespec /F {name} /UF {name} /Desc {PdfObjects.Word(file.Description)} " +
            $"/AFRelationship /{file.Relation} /EF << /F {content} 0 R /UF {content} 0 R >> >>");
        return specification;
    }

    private string Metadata()
    {
        var date = DateTimeOffset.FromUnixTimeMilliseconds(dateMs).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        return "<?xpacket begin=\"\uFEFF\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n<x:xmpmeta xmlns:x=\"adobe:ns:meta/\">" +
            "<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\"><rdf:Description rdf:about=\"\" " +
            "xmlns:dc=\"http://purl.org/dc/elements/1.1/\" xmlns:xmp=\"http://ns.adobe.com/xap/1.0/\" " +
            "xmlns:pdf=\"http://ns.adobe.com/pdf/1.3/\"><dc:format>application/pdf</dc:format><dc:title><rdf:Alt>" +
            $"<rdf:li xml:lang=\"x-default\">{SecurityElement.Escape(title)}</rdf:li></rdf:Alt></dc:title><dc:language><rdf:Bag>" +
            $"<rdf:li>{language}</rdf:li></rdf:Bag></dc:language><xmp:CreateDate>{date}</xmp:CreateDate><xmp:ModifyDate>{date}" +
            $"</xmp:ModifyDate><pdf:Producer>{SecurityElement.Escape(producer)}</pdf:Producer></rdf:Description></rdf:RDF></x:xmpmeta>" +
            "\n<?xpacket end=\"w\"?>";
    }

    private static string Refs(IEnumerable<int> ids) => string.Join(' ', ids.Select(id => $"{id} 0 R"));
}
