using System.Collections.Immutable;

namespace Evidence;

/// <summary>One software release beside the evidence, checked. It says something about a program, never about the record: no verdict's word
/// depends on it.</summary>
/// <param name="Release">What it says; null when it cannot be read.</param>
/// <param name="Finding">Why it counts for nothing; none when it holds.</param>
/// <param name="Issuer">Who claims to have signed.</param>
/// <param name="Authority">The reader's own name for who signed; null when the policy does not know the key.</param>
/// <param name="Log">The log's origin; empty without a receipt that holds.</param>
/// <param name="Index">Its place in the log.</param>
/// <param name="TimeMs">It was logged before this time, by the cautious end of the cosigners; null when nobody gave a time.</param>
public sealed record ProvenRelease(SoftwareRelease? Release, Finding Finding, string Issuer, string? Authority, string Log, long Index,
    long? TimeMs)
{
    public bool Holds => Finding.IsNone;

    /// <summary>What it takes back, where it is a withdrawal; <see cref="Release"/> is null then.</summary>
    public ReleaseWithdrawal? Withdrawal { get; init; }

    /// <summary>An authority that the reader trusts has signed it, whether it is proven to be in the log or not. That is enough for a withdrawal: whoever
    /// carries one could leave it out, and must not weaken it by bending its receipt (docs/decisions/0163).</summary>
    public bool IsSigned { get; init; }

    /// <summary>The checkpoint of its receipt; null when the receipt does not hold.</summary>
    internal string? Note { get; init; }
}

/// <summary>Checks software releases and their withdrawals: signed by an authority that the reader trusts, and in a log that the reader trusts.</summary>
public static class ReleaseCheck
{
    /// <summary>Never throws for anything that stands in the statement or its receipt.</summary>
    public static ProvenRelease Check(ShownStatement shown, VerifierPolicy policy)
    {
        Statement statement;
        SoftwareRelease? release;
        ReleaseWithdrawal? withdrawal;
        try
        {
            statement = Statement.Decode(shown.Bytes.AsMemory());
            release = statement.Kind == StatementKind.Release ? SoftwareRelease.Decode(statement.Payload) : null;
            withdrawal = statement.Kind == StatementKind.Withdrawal ? ReleaseWithdrawal.Decode(statement.Payload) : null;
            _ = (object?)release ?? withdrawal ?? throw new MalformedEvidenceException("The statement is of another kind.");
        }
        catch (MalformedEvidenceException fault)
        {
            return new(null, Finding.Of(Fault.ReleaseUnreadable, "") with { Detail = fault.Message }, "", null, "", 0, null);
        }

        var known = policy.Find(statement.KeyId);
        var claimed = new ProvenRelease(release, Finding.None, statement.Issuer, known?.Name, "", 0, null) { Withdrawal = withdrawal };
        if (known is null)
        {
            return claimed with { Finding = Finding.Of(Fault.ReleaseSigner, "", statement.Issuer, Convert.ToHexStringLower(statement.KeyId.AsSpan())[..8]) };
        }

        if (!statement.VerifiedBy(known.Key))
        {
            return claimed with { Finding = Finding.Of(Fault.ReleaseSignature, "", known.Name) };
        }

        claimed = claimed with { IsSigned = true };
        if (shown.Receipt is not { } text)
        {
            return claimed with { Finding = Finding.Of(Fault.ReceiptMissing, "release") };
        }

        var receipt = Receipt.Check(text, shown.Bytes.AsSpan(), policy.Log);
        return receipt.Holds
            ? claimed with
            {
                Log = receipt.Origin,
                Index = receipt.Index,
                TimeMs = receipt.TimeMs,
                Note = receipt.Note,
            }
            : claimed with { Finding = Finding.Of(receipt.Fault, "release") with { Detail = receipt.Reason } };
    }
}

/// <summary>What is known about the regulator's page in hand.</summary>
public enum PageStanding
{
    /// <summary>Nothing says where in a log its hash stands. The default.</summary>
    Unknown = 0,

    /// <summary>Its hash is in the log, signed by an authority that the reader trusts.</summary>
    Logged,

    /// <summary>Other pages are in the log, this one is not.</summary>
    Different,

    /// <summary>What speaks of a page does not hold.</summary>
    NotProven,

    /// <summary>An authority that the reader trusts has taken it back.</summary>
    Withdrawn,
}

/// <summary>The hash of a page against the releases that were found with it.</summary>
/// <param name="Release">The release that decides; null when there is none.</param>
/// <param name="Sum">The page's own hash, its blocks empty.</param>
public sealed record PageAnswer(PageStanding Standing, ProvenRelease? Release, Digest Sum)
{
    /// <summary>What takes the page back; else the page's release where one holds and names it; else the newest that holds and is not taken back; else
    /// the first that does not.</summary>
    public static PageAnswer Of(ImmutableArray<ProvenRelease> releases, Digest sum)
    {
        var taken = releases.Where(found => found.IsSigned && found.Withdrawal?.Name == SoftwareRelease.PageName)
            .OrderByDescending(found => found.Holds).ThenBy(found => found.Index).ToList();
        if (taken.Find(found => found.Withdrawal!.Sum == sum) is { } own)
        {
            return new(PageStanding.Withdrawn, own, sum);
        }

        var pages = releases.Where(found => found.Holds && found.Release?.Name == SoftwareRelease.PageName
            && taken.TrueForAll(back => back.Withdrawal!.Sum != found.Release.Sum)).OrderByDescending(found => found.Index).ToList();
        return pages.Find(found => found.Release!.Sum == sum) is { } logged ? new(PageStanding.Logged, logged, sum)
            : pages.Count > 0 ? new(PageStanding.Different, pages[0], sum)
            : releases.FirstOrDefault(found => !found.Holds && !taken.Contains(found)) is { } broken ? new(PageStanding.NotProven, broken, sum)
            : new(PageStanding.Unknown, null, sum);
    }

    /// <summary>One sentence in one of <see cref="Reasons.Languages"/>.</summary>
    public string Say(string language) => Standing switch
    {
        PageStanding.Withdrawn => SayWithdrawn(language, Release!, Release!.Withdrawal!),
        PageStanding.Logged => Reasons.Say(language, Release!.TimeMs is null ? "page.Logged.untimed" : "page.Logged", [Release.Release!.Version,
            Number(Release.Index), Release.Log, Times.Utc(Release.TimeMs ?? 0), Release.Authority!]),
        PageStanding.Different => Reasons.Say(language, "page.Different", [Sum.ToShortString(), Number(Release!.Index), Release.Log, Release.Authority!,
            Release.Release!.Sum.ToShortString(), Release.Release.Version]),
        PageStanding.NotProven => Reasons.Say(language, "page.NotProven", [Release!.Finding.Say(language)]),
        _ => Reasons.Say(language, "page.Unknown", []),
    };

    private static string SayWithdrawn(string language, ProvenRelease found, ReleaseWithdrawal back) => Reasons.Say(language,
        !found.Holds ? "page.Withdrawn.unlogged" : found.TimeMs is null ? "page.Withdrawn.untimed" : "page.Withdrawn",
        [Times.Utc(back.IssuedMs), back.Reason, found.Authority!, Number(found.Index), found.Log, Times.Utc(found.TimeMs ?? 0),
            found.Holds ? "" : found.Finding.Say(language)]);

    private static string Number(long number) => number.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
