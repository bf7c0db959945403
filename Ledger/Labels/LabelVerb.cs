using System.CommandLine;
using System.Text;
using Evidence;
using Evidence.Gs1;
using Ledger.Authority;

namespace Ledger.Labels;

/// <summary>The verb <c>ledger label</c>: the sticker for a pallet or box.</summary>
internal static class LabelVerb
{
    public static Command Create()
    {
        var link = new Option<string?>("--link") { Description = "Where the code leads, as `ledger link create` printed it." };
        var address = new Option<string?>("--address") { Description = "Or the ledger's address, https://…: the code is then the GS1 Digital Link of the shipment." };
        var bundle = new Option<FileInfo?>("--bundle")
        {
            Description = "With --address: the record so far; the short root of its last batch goes into the code, and a swapped record is noticed.",
        };
        var shipment = new ShipmentOptions();
        var files = new Option<FileInfo[]>("--out") { Description = "FILE.pdf, FILE.svg or FILE.zpl; give it once for each.", Required = true };
        var verb = new Command("label", "Make a label of 100 × 150 mm (4 × 6 inch): the link as a QR code beside the GS1-128 bar codes.") { link, address, bundle, files };
        shipment.AddTo(verb);
        verb.SetAction(given => AuthorityVerbs.Answer(() =>
        {
            var (key, expiry) = shipment.Of(given);
            var target = (given.GetValue(link), given.GetValue(address)) switch
            {
                ({ } whole, null) => whole,
                (null, { } host) when key is not null => host.TrimEnd('/') + DigitalLink.Write(key, expiry) + Root(given.GetValue(bundle)),
                _ => throw new AuthorityRefusedException("Give --link, or --address together with --sscc or --gtin."),
            };
            var label = ShipmentLabel.Of(target, key, expiry);
            foreach (var file in given.GetValue(files)!)
            {
                DurableFile.Write(file.FullName, FileMode.CreateNew, secret: false, Bytes(label, file));
                Console.Out.WriteLine($"{file.Name}: {label.Link}");
            }
        }, "label"));
        return verb;
    }

    private static byte[] Bytes(ShipmentLabel label, FileInfo file) => file.Extension.ToUpperInvariant() switch
    {
        ".PDF" => LabelFiles.Pdf(label, TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds()),
        ".SVG" => Encoding.UTF8.GetBytes(LabelFiles.Svg(label)),
        ".ZPL" => Encoding.UTF8.GetBytes(LabelFiles.Zpl(label)),
        _ => throw new AuthorityRefusedException($"--out {file.Name} ends in none of .pdf, .svg and .zpl."),
    };

    /// <summary>The fragment of docs/formats.md, "The page"; nothing without a record.</summary>
    private static string Root(FileInfo? bundle)
    {
        if (bundle is null)
        {
            return "";
        }

        var batches = Bundle.Parse(AuthorityVerbs.ReadBounded(bundle, Bundle.LengthMax)).Batches;
        return batches.IsEmpty
            ? throw new AuthorityRefusedException($"{bundle.Name} shows no batch yet, so there is no root to print.")
            : RootFragment.Of(BatchHeader.Decode(Statement.Decode(batches[^1].Header.AsMemory()).Payload).Root);
    }
}
