using System.CommandLine;
using System.Security.Cryptography;
using System.Text;
using Evidence;
using Evidence.Gs1;
using Ledger.Authority;
using Ledger.Labels;

namespace Ledger.Certificates;

/// <summary>The verb <c>ledger certificate issue</c>: whoever has verified a record may sign a summary of it for a label.</summary>
internal static class CertificateVerbs
{
    /// <summary>A phone reads QR version 22 and below at 40 × 40 mm.</summary>
    public const int QrVersionMax = 22;

    private const double ModuleMm = 0.5;
    private const int PixelsPerModule = 8;
    private const int KeyLengthMax = 16 * 1024;

    public static void Add(RootCommand root)
    {
        var certificate = new Command("certificate", "Offline certificate codes: a signed summary of a verified record in one QR code.");
        certificate.Add(Issue());
        root.Add(certificate);
    }

    private static Command Issue()
    {
        var bundle = new Argument<FileInfo>("bundle") { Description = "The record, a *.coldproof.json file. It is verified first." };
        var policy = new Option<FileInfo>("--policy") { Description = "Your own policy: what it does not verify is not certified.", Required = true };
        var key = new Option<FileInfo>("--key") { Description = "The issuer's private key, from `ledger authority issuer`.", Required = true };
        var trust = new Option<FileInfo>("--trust") { Description = "The trust list in which that key is listed; gives the issuer's name.", Required = true };
        var days = new Option<int>("--days") { Description = "How long the code holds. It cannot be called back, so keep it short.", DefaultValueFactory = _ => 90 };
        var shipment = new ShipmentOptions();
        var pictures = new Option<FileInfo[]>("--out")
        {
            Description = "Where to write it: FILE.svg, FILE.png or FILE.txt; give it once for each. The text is printed, too.",
            DefaultValueFactory = _ => [],
        };
        var verb = new Command("issue", "Verify a record and sign a certificate code for it.") { bundle, policy, key, trust, days, pictures };
        shipment.AddTo(verb);
        verb.SetAction(given => AuthorityVerbs.Answer(() =>
        {
            var list = TrustList.Parse(AuthorityVerbs.ReadBounded(given.GetValue(trust)!, TrustList.LengthMax));
            var named = shipment.Of(given);
            var code = Make(AuthorityVerbs.ReadBounded(given.GetValue(bundle)!, Bundle.LengthMax),
                VerifierPolicy.Parse(AuthorityVerbs.ReadBounded(given.GetValue(policy)!, VerifierPolicy.LengthMax)),
                Encoding.UTF8.GetString(AuthorityVerbs.ReadBounded(given.GetValue(key)!, KeyLengthMax)), list, given.GetValue(days),
                named.Key is { } shipped ? ElementString.Of(shipped, named.Expiry).Text : null, TimeProvider.System.GetUtcNow());
            foreach (var file in given.GetValue(pictures)!)
            {
                Write(file, code);
            }

            Console.Out.WriteLine(code);
        }, "certificate"));
        return verb;
    }

    /// <summary>The text of a new code.</summary>
    /// <exception cref="AuthorityRefusedException">The key is not listed, or there is more to say than a code holds.</exception>
    /// <exception cref="MalformedEvidenceException">The record is not one that can be certified.</exception>
    public static string Make(byte[] bundle, VerifierPolicy policy, string keyPem, TrustList trust, int days, string? shipment, DateTimeOffset now)
    {
        if (days is < 1 or > 1_830)
        {
            throw new AuthorityRefusedException("--days is 1 to 1830.");
        }

        using var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(keyPem);
        }
        catch (Exception fault) when (fault is ArgumentException or CryptographicException)
        {
            throw new AuthorityRefusedException("The --key file is no P-256 private key in PEM; take the one that `ledger authority issuer` wrote.", fault);
        }

        var issuer = trust.Find(PublicKey.Of(key).Id) ?? throw new AuthorityRefusedException(
            $"The trust list does not name the key {PublicKey.Of(key).IdHex[..8]}…: nobody could read its codes. Use the list of its authority.");
        var claims = CertificateDraft.Of(bundle, policy, now.ToUnixTimeMilliseconds(), days * 86_400_000L, shipment);
        var code = CertificateCode.Write(Statement.Sign(StatementKind.Certificate, $"issuer:{issuer.Name}", claims.Encode(), key));
        if (code.Length > CertificateCode.PrintedLengthMax)
        {
            throw new AuthorityRefusedException($"The code would have {code.Length} characters; {CertificateCode.PrintedLengthMax} scan at 40 mm. Issue one for "
                + "fewer channels: ask for a bundle of the channels that matter.");
        }

        var check = CertificateCheck.Verify(code, trust, now.ToUnixTimeMilliseconds());
        return check.Word == CertificateWord.Valid ? code : throw new AuthorityRefusedException($"The new code would not be taken: {check.Sentence}");
    }

    private static void Write(FileInfo file, string code)
    {
        var symbol = QrSymbol.Of(code);
        byte[] bytes = file.Extension.ToUpperInvariant() switch
        {
            ".SVG" => Encoding.UTF8.GetBytes(symbol.ToSvg(ModuleMm)),
            ".PNG" => symbol.ToPng(PixelsPerModule),
            ".TXT" => Encoding.UTF8.GetBytes(code + "\n"),
            _ => throw new AuthorityRefusedException($"--out {file.Name} ends in none of .svg, .png and .txt."),
        };
        DurableFile.Write(file.FullName, FileMode.CreateNew, secret: false, bytes);
    }
}
