using Evidence;
using Evidence.Gs1;
using Ledger.Store;
using Microsoft.EntityFrameworkCore;

namespace Ledger.Links;

/// <summary>One entry about a link, with its place in the log.</summary>
public sealed record KnownDisclosure(long LogIndex, Disclosure Content, DisclosureRow Row, Statement Statement);

/// <summary>One link as it stands now.</summary>
/// <param name="OpenToken">The token of an open link; null when the token is a secret.</param>
/// <param name="Revoked">The entry that took it back; null while none did.</param>
public sealed record KnownLink(LinkId Id, string? OpenToken, LinkTerms Terms, long CreatedMs, long LogIndex, LinkRevoked? Revoked)
{
    public bool IsLive(long nowMs) => Revoked is null && nowMs < Terms.ExpiresMs;
}

/// <summary>Reads links from the store.</summary>
public sealed class LinkBook(LedgerStore store)
{
    /// <summary>Most links that show something at one time.</summary>
    public const int LiveMax = 10_000;

    /// <summary>The link that this token opens; null when none does.</summary>
    public KnownLink? Find(LinkToken token)
    {
        var digest = token.Digest;
        using var context = store.Read();
        return Read(context, context.Links.Where(link => link.TokenDigest == digest)).SingleOrDefault();
    }

    public KnownLink? Find(LinkId id)
    {
        using var context = store.Read();
        return Read(context, context.Links.Where(link => link.Id == id.Value)).SingleOrDefault();
    }

    /// <summary>All links, oldest first.</summary>
    public List<KnownLink> All()
    {
        using var context = store.Read();
        return Read(context, context.Links);
    }

    /// <summary>Links whose access is open and that are bound to this key; when none is, to the same product and lot without the serial
    /// number.</summary>
    public List<KnownLink> OpenFor(Gs1Key key)
    {
        using var context = store.Read();
        var path = DigitalLink.Write(key);
        var found = Read(context, context.Links.Where(link => link.Key == path && link.OpenToken != null));
        return found.Count > 0 || key is not { Gtin: { } gtin, Lot: { } lot, Serial: not null } ? found : OpenFor(Gs1Key.Product(gtin, lot));
    }

    /// <summary>The entries that the holder of this link may see, in log order: those of every link with the same key and gateway when it was opened by
    /// its token, its own when it is open to everybody.</summary>
    /// <param name="after">Only those behind this place of the log.</param>
    /// <param name="max">At most so many.</param>
    public List<KnownDisclosure> EntriesFor(KnownLink link, long after = -1, int max = int.MaxValue)
    {
        using var context = store.Read();
        return Entries(context, Visible(context, link).Where(row => row.LogIndex > after).OrderBy(row => row.LogIndex).Take(max));
    }

    /// <summary>Of those, every creation and revocation and the newest uses, at most so many together with the acts; and how many there are in all. A
    /// link that is read for years has an entry for each of its minutes: a page reads what it shows.</summary>
    public (List<KnownDisclosure> Newest, int Count) NewestFor(KnownLink link, int max)
    {
        using var context = store.Read();
        var visible = Visible(context, link);
        var acts = Entries(context, visible.Where(row => row.Number == 0 || row.Revokes));
        var uses = Entries(context, visible.Where(row => row.Number != 0 && !row.Revokes).OrderByDescending(row => row.LogIndex).Take(Math.Max(0, max - acts.Count)));
        return ([.. acts.Concat(uses).OrderBy(entry => entry.LogIndex)], visible.Count());
    }

    private static IQueryable<DisclosureRow> Visible(LedgerContext context, KnownLink link)
    {
        if (link.Terms.Access == LinkAccess.Open)
        {
            return context.Disclosures.Where(row => row.Link == link.Id.Value);
        }

        var path = DigitalLink.Write(link.Terms.Key);
        var parties = Read(context, context.Links.Where(other => other.Key == path)).Where(other => other.Terms.Gateway == link.Terms.Gateway)
            .Select(other => other.Id.Value).ToList();
        return context.Disclosures.Where(row => parties.Contains(row.Link));
    }

    /// <summary>The entry that made this link.</summary>
    public KnownDisclosure Creation(KnownLink link)
    {
        using var context = store.Read();
        return Entries(context, context.Disclosures.Where(row => row.LogIndex == link.LogIndex)).Single();
    }

    /// <summary>Number and payload digest of a link's newest entry; null when there is no such link.</summary>
    public (long Number, Digest PayloadDigest)? Tip(LinkId id)
    {
        using var context = store.Read();
        var found = context.Disclosures.Where(row => row.Link == id.Value).OrderByDescending(row => row.Number)
            .Join(context.Entries, row => row.LogIndex, entry => entry.LogIndex, (row, entry) => new { row.Number, entry.PayloadDigest }).FirstOrDefault();
        return found is null ? null : (found.Number, found.PayloadDigest);
    }

    private static List<KnownLink> Read(LedgerContext context, IQueryable<LinkRow> links)
    {
        var rows = links.Join(context.Disclosures.Where(row => row.Number == 0), link => link.Id, row => row.Link, (link, row) => new
        {
            link.Id,
            link.OpenToken,
            row.LogIndex,
            row.Content,
            End = context.Disclosures.Where(end => end.Link == link.Id && end.Revokes).Select(end => end.Content).FirstOrDefault(),
        }).OrderBy(found => found.LogIndex).ToList();
        return rows.ConvertAll(row =>
        {
            var created = (LinkCreated)Disclosure.Decode(row.Content);
            return new KnownLink(new(row.Id), row.OpenToken, created.Terms, created.AtMs, row.LogIndex,
                row.End is { } end ? (LinkRevoked)Disclosure.Decode(end) : null);
        });
    }

    private static List<KnownDisclosure> Entries(LedgerContext context, IQueryable<DisclosureRow> rows) =>
        [.. rows.Join(context.Entries, row => row.LogIndex, entry => entry.LogIndex, (row, entry) => new { Row = row, entry.Statement })
            .OrderBy(found => found.Row.LogIndex).AsEnumerable()
            .Select(found => new KnownDisclosure(found.Row.LogIndex, Disclosure.Decode(found.Row.Content), found.Row, Statement.Decode(found.Statement)))];
}
