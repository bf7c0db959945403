using System.Collections.Immutable;
using Evidence;
using Ledger.Admission;
using Ledger.Hosting;
using Ledger.Log;
using Ledger.Store;

namespace Ledger.Releases;

/// <summary>A software release that stands in the log.</summary>
/// <param name="Receipt">Its C2SP tlog-proof, under the smallest checkpoint that covers it.</param>
public sealed record LoggedRelease(SoftwareRelease Release, Statement Statement, long LogIndex, string Receipt);

/// <summary>Takes the authority's software releases into the log, and gives them to pages and bundles.</summary>
public sealed class ReleaseDesk(LedgerCore core)
{
    /// <summary>Most releases of the page that a bundle or a page carries: the newest.</summary>
    public const int ShownMax = 8;

    private volatile Kept kept = new(-1, []);

    /// <summary>Logs a release; one that is logged already gets its place again. When it returns, the entry is published.</summary>
    /// <exception cref="RefusedException">It is no release of an authority of this ledger's policy, or it could not be logged.</exception>
    /// <exception cref="MalformedEvidenceException">It cannot be read.</exception>
    public async Task<LoggedRelease> Publish(ReadOnlyMemory<byte> statement, CancellationToken cancellation)
    {
        var signed = Statement.Decode(statement);
        if (signed.Kind != StatementKind.Release)
        {
            throw new RefusedException(Refusal.Malformed, $"The statement is a {signed.Kind}, not a software release. `ledger authority release` makes one.");
        }

        AuthorityRules.CheckSigned(signed, [.. core.Policy.Authorities.Select(authority => authority.Key)]);
        var release = SoftwareRelease.Decode(signed.Payload);
        if (core.Store.FindRelease(signed.PayloadDigest) is { } known)
        {
            var receipt = await (await core.Sequencer.Receipt(known, cancellation).ConfigureAwait(false)).ConfigureAwait(false);
            return Answer(release, Statement.Decode(core.Store.Entry(known)!), known, receipt);
        }

        var index = -1L;
        var round = await core.Sequencer.Add(new(null, signed, place =>
        {
            index = place;
            return new ReleaseRow
            {
                LogIndex = place,
                PayloadDigest = signed.PayloadDigest,
                Name = release.Name,
            };
        }), core.Sequencer.Epoch, cancellation).ConfigureAwait(false);
        var sequenced = await round.ConfigureAwait(false); // Before it, the place is not known.
        return Answer(release, signed, index, sequenced);
    }

    /// <summary>The newest releases of the regulator's page, newest first.</summary>
    public ImmutableArray<LoggedRelease> Pages()
    {
        var rows = core.Store.Releases(SoftwareRelease.PageName, ShownMax);
        var newest = rows.Count == 0 ? -1 : rows[0].LogIndex;
        var known = kept;
        if (known.Newest != newest)
        {
            // A receipt holds for ever, so it is made once: /verify is asked for by anybody.
            var receipts = new EntryReceipts(core);
            known = new(newest, [.. rows.Select(row => (row.LogIndex, Statement: Statement.Decode(row.Statement)))
                .Select(found => new LoggedRelease(SoftwareRelease.Decode(found.Statement.Payload), found.Statement, found.LogIndex,
                    receipts.Of(found.LogIndex, found.Statement.Bytes.AsMemory())))]);
            kept = known;
        }

        return known.Releases;
    }

    private static LoggedRelease Answer(SoftwareRelease release, Statement statement, long index, Sequenced sequenced) => sequenced.Receipt is { } receipt
        ? new(release, statement, index, receipt)
        : throw new RefusedException(Refusal.Unavailable, sequenced.Trouble);

    private sealed record Kept(long Newest, ImmutableArray<LoggedRelease> Releases);
}
