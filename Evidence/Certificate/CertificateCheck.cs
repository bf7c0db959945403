namespace Evidence;

/// <summary>The one large word about a certificate code.</summary>
public enum CertificateWord
{
    /// <summary>The default: the code cannot be read, or says a time that cannot be.</summary>
    CannotCheck = 0,

    /// <summary>Unaltered, signed by an issuer of the reader's trust list, and in force. The numbers are the issuer's claims.</summary>
    Valid,

    /// <summary>The reader's trust list does not know the key, or not for the day of issue.</summary>
    IssuerUnknown,

    /// <summary>The code is not what the issuer signed.</summary>
    Changed,

    /// <summary>Unaltered and signed, but its time is over.</summary>
    Expired,
}

/// <summary>The exact rule that did not hold. Shared by every reader (C#, browser); the names are stable.</summary>
public enum CertificateFault
{
    None = 0,
    CodeTooLong,
    PrefixUnknown,
    Base45Broken,
    CompressionBroken,
    StatementUnreadable,
    ClaimsUnreadable,
    IssuerUnknown,
    SignatureWrong,
    IssuerNotListedThen,
    NotYetValid,
    Expired,
}

/// <summary>The answer about a certificate code.</summary>
/// <param name="Sentence">The rule that did not hold, in one English sentence; empty when all held.</param>
/// <param name="Certificate">What the code says; null when it could not be read. Claims, to be believed only as far as the word
/// goes.</param>
/// <param name="ClaimedIssuer">Who the code says has signed it; null when it could not be read.</param>
/// <param name="Issuer">The trusted issuer whose signature holds; null otherwise.</param>
/// <param name="Identity">SHA-256 of the claims, which no re-signing or re-packing changes; null when the code could not be
/// read.</param>
public sealed record CertificateVerdict(CertificateWord Word, CertificateFault Fault, string Sentence, Certificate? Certificate,
    string? ClaimedIssuer, TrustedIssuer? Issuer, Digest? Identity)
{
    /// <summary>The word as it is printed, in English capitals.</summary>
    public string Headline => Word switch
    {
        CertificateWord.Valid => "CERTIFICATE VALID",
        CertificateWord.IssuerUnknown => "ISSUER UNKNOWN",
        CertificateWord.Changed => "CHANGED",
        CertificateWord.Expired => "EXPIRED",
        _ => "CANNOT CHECK",
    };
}

/// <summary>Checks a certificate code offline: the text, the reader's trust list, the reader's clock, and nothing else.</summary>
public static class CertificateCheck
{
    /// <summary>Never throws for anything that stands in the code.</summary>
    /// <param name="code">The text of the code, without white space around it.</param>
    /// <param name="trust">The reader's own list.</param>
    /// <param name="nowMs">The reader's clock, wall milliseconds.</param>
    public static CertificateVerdict Verify(string code, TrustList trust, long nowMs)
    {
        var (statement, certificate, fault, sentence) = CertificateCode.Read(code);
        if (statement is null || certificate is null)
        {
            return new(CertificateWord.CannotCheck, fault, sentence, null, null, null, null);
        }

        var issuer = trust.Find(statement.KeyId);
        if (issuer is null)
        {
            return Answer(CertificateWord.IssuerUnknown, CertificateFault.IssuerUnknown, "The certificate is signed by "
                + $"\"{statement.Issuer}\" with key {Convert.ToHexStringLower(statement.KeyId.AsSpan())[..8]}…, which your trust list does "
                + "not know. Whether it was changed cannot be told without that key.", null);
        }

        if (!statement.VerifiedBy(issuer.Key))
        {
            return Answer(CertificateWord.Changed, CertificateFault.SignatureWrong,
                $"The signature is not that of {issuer.Name} over these claims.", null);
        }

        if (certificate.IssuedMs < issuer.FromMs || certificate.IssuedMs >= issuer.ToMs)
        {
            return Answer(CertificateWord.IssuerUnknown, CertificateFault.IssuerNotListedThen,
                $"The certificate was issued {Times.Utc(certificate.IssuedMs)}; your trust list takes this key of {issuer.Name} from "
                + $"{Times.Utc(issuer.FromMs)} until {Times.Utc(issuer.ToMs)}.", issuer);
        }

        if (certificate.IssuedMs > nowMs + VerifierPolicy.ClockToleranceMs)
        {
            return Answer(CertificateWord.CannotCheck, CertificateFault.NotYetValid,
                $"The certificate says that it was issued {Times.Utc(certificate.IssuedMs)}; your clock says {Times.Utc(nowMs)}. Set the "
                + "clock of this machine, or ask the issuer.", issuer);
        }

        return nowMs >= certificate.ExpiresMs
            ? Answer(CertificateWord.Expired, CertificateFault.Expired,
                $"The certificate was valid until {Times.Utc(certificate.ExpiresMs)}; your clock says {Times.Utc(nowMs)}. Ask for a new "
                + "one, or for the evidence file.", issuer)
            : Answer(CertificateWord.Valid, CertificateFault.None, "", issuer);

        CertificateVerdict Answer(CertificateWord word, CertificateFault fault, string sentence, TrustedIssuer? issuer) =>
            new(word, fault, sentence, certificate, statement.Issuer, issuer, statement.PayloadDigest);
    }
}
