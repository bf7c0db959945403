using System.IO.Compression;

namespace Evidence;

/// <summary>The text of a certificate code: "CP1:" + Base45(zlib(COSE_Sign1)). All of it lies in the QR code's alphanumeric
/// mode.</summary>
/// <remarks>As the EU's and WHO's health certificates do it (HC1:), with our own prefix and claims.</remarks>
public static class CertificateCode
{
    public const string Prefix = "CP1:";

    /// <summary>Most characters that are read: what the largest QR code holds.</summary>
    public const int LengthMax = 4_296;

    /// <summary>Most characters that are printed: QR version 22 at level M, which a phone reads at 40 × 40 mm.</summary>
    public const int PrintedLengthMax = 1_134;

    /// <summary>The text for a signed certificate.</summary>
    public static string Write(Statement statement)
    {
        using var packed = new MemoryStream();
        using (var stream = new ZLibStream(packed, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            stream.Write(statement.Bytes.AsSpan());
        }

        return Prefix + Base45.Encode(packed.GetBuffer().AsSpan(0, (int)packed.Length));
    }

    /// <summary>The statement that a code carries, not yet believed; or the rule that the text breaks.</summary>
    internal static (Statement? Statement, Certificate? Certificate, CertificateFault Fault, string Sentence) Read(string code)
    {
        if (code.Length > LengthMax)
        {
            return Refuse(CertificateFault.CodeTooLong, $"The text has {code.Length} characters; no QR code holds more than {LengthMax}.");
        }

        if (!code.StartsWith(Prefix, StringComparison.Ordinal))
        {
            return Refuse(CertificateFault.PrefixUnknown, $"The text does not begin with {Prefix}, so it is no certificate code of a "
                + "version that this program knows.");
        }

        var fault = CertificateFault.Base45Broken;
        try
        {
            var packed = Base45.Decode(code.AsSpan(Prefix.Length));
            fault = CertificateFault.CompressionBroken;
            var bytes = Inflate.Zlib(packed, BatchLimits.StatementLengthMax);
            fault = CertificateFault.StatementUnreadable;
            var statement = Statement.Decode(bytes);
            if (statement.Kind != StatementKind.Certificate)
            {
                return Refuse(fault, "The code carries a signed statement, but of another kind than a certificate.");
            }

            fault = CertificateFault.ClaimsUnreadable;
            return (statement, Certificate.Decode(statement.Payload), CertificateFault.None, "");
        }
        catch (MalformedEvidenceException malformed)
        {
            return Refuse(fault, malformed.Message);
        }
    }

    private static (Statement?, Certificate?, CertificateFault, string) Refuse(CertificateFault fault, string sentence) =>
        (null, null, fault, sentence);
}
