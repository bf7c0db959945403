using System.Collections.Immutable;
using Evidence;
using Ledger.Admission;
using Ledger.Hosting;
using Ledger.Log;
using Ledger.Store;

namespace Ledger.Releases;

/// <summary>A software release that stands in the log, or the withdrawal of one.</summary>
/// <param name="Release">What is released; null for a withdrawal.</param>
/// <param name="Withdrawal">What is taken back; null for a release.</param>
/// <param name="Receipt">Its C2SP tlog-proof, under the smallest checkpoint that covers it.</param>
public sealed record LoggedRelease(SoftwareRelease? Release, ReleaseWithdrawal? Withdrawal, Statement Statement, long LogIndex, string Receipt)
{
    public string Name => Release?.Name ?? Withdrawal!.Name;

    public string Version => Release?.Version ?? Withdrawal!.Version;

    public Digest Sum => Release?.Sum ?? Withdrawal!.Sum;

    internal static LoggedRelease Of(Statement statement, long index, string receipt) => statement.Kind == StatementKind.Withdrawal
        ? new(null, ReleaseWithdrawal.Decode(statement.Payload), statement, index, receipt)
        : new(SoftwareRelease.Decode(statement.Payload), null, statement, index, receipt);
}

/// <summary>Takes the authority's software releases and their withdrawals into the log, and gives them to pages and bundles.</summary>
public sealed class ReleaseDesk(LedgerCore core)
{
    /// <summary>Most releases of the page, and most withdrawals, that a bundle or a page carries: the newest.</summary>
    public const int ShownMax = 8;

    /// <summary>Withdrawals looked at for one of a hash.</summary>
    private const int WithdrawalsMax = 10_000;

    private volatile Kept kept = new(-1, [], []);

    /// <summary>Logs a release or a withdrawal; one that is logged already gets its place again. When it returns, the entry is published.</summary>
    /// <exception cref="RefusedException">It is none of an authority of this ledger's policy, it takes back what is not released or is taken back
    /// already, or it could not be logged.</exception>
    /// <exception cref="MalformedEvidenceException">It cannot be read.</exception>
    public async Task<LoggedRelease> Publish(ReadOnlyMemory<byte> statement, CancellationToken cancellation)
    {
        var signed = Statement.Decode(statement);
        if (signed.Kind is not (StatementKind.Release or StatementKind.Withdrawal))
        {
            throw new RefusedException(Refusal.Malformed, $"The statement is a {signed.Kind}, not a software release. `ledger authority release` makes one, "
                + "and `ledger authority withdraw` takes one back.");
        }

        AuthorityRules.CheckSigned(signed, [.. core.Policy.Authorities.Select(authority => authority.Key)]);
        var asked = LoggedRelease.Of(signed, -1, "");
        if (core.Store.FindRelease(signed.PayloadDigest) is { } known)
        {
            var receipt = await (await core.Sequencer.Receipt(known, cancellation).ConfigureAwait(false)).ConfigureAwait(false);
            return Answer(Statement.Decode(core.Store.Entry(known)!), known, receipt);
        }

        if (asked.Withdrawal is { } back)
        {
            CheckTakesBack(back);
        }

        var index = -1L;
        var round = await core.Sequencer.Add(new(null, signed, place =>
        {
            index = place;
            return new ReleaseRow
            {
                LogIndex = place,
                PayloadDigest = signed.PayloadDigest,
                Name = asked.Name,
            };
        }), core.Sequencer.Epoch, cancellation).ConfigureAwait(false);
        var sequenced = await round.ConfigureAwait(false); // Before it, the place is not known.
        return Answer(signed, index, sequenced);
    }

    /// <summary>The newest releases of the regulator's page, newest first.</summary>
    public ImmutableArray<LoggedRelease> Pages() => Look().Releases;

    /// <summary>The newest withdrawals of releases of the regulator's page, newest first.</summary>
    public ImmutableArray<LoggedRelease> Withdrawals() => Look().Withdrawals;

    /// <summary>Both, as a bundle or a page carries them.</summary>
    public ImmutableArray<LoggedRelease> Shown() => Look() is var now ? [.. now.Releases, .. now.Withdrawals] : [];

    private Kept Look()
    {
        var released = core.Store.Releases(SoftwareRelease.PageName, StatementKind.Release, ShownMax);
        var withdrawn = core.Store.Releases(SoftwareRelease.PageName, StatementKind.Withdrawal, ShownMax);
        var newest = released.Concat(withdrawn).Select(row => row.LogIndex).DefaultIfEmpty(-1).Max();
        var known = kept;
        if (known.Newest != newest)
        {
            // A receipt holds for ever, so it is made once: /verify is asked for by anybody.
            var receipts = new EntryReceipts(core);
            known = new(newest, Give(released), Give(withdrawn));
            kept = known;

            ImmutableArray<LoggedRelease> Give(List<(byte[] Statement, long LogIndex)> rows) => [.. rows.Select(row => LoggedRelease.Of(
                Statement.Decode(row.Statement), row.LogIndex, receipts.Of(row.LogIndex, row.Statement)))];
        }

        return known;
    }

    /// <summary>A withdrawal of nothing would read as if something had been wrong; a second one of the same page would give it two reasons.</summary>
    private void CheckTakesBack(ReleaseWithdrawal back)
    {
        if (core.Store.Releases(back.Name, StatementKind.Release, int.MaxValue).TrueForAll(row => SoftwareRelease.Decode(Statement.Decode(row.Statement).Payload).Sum != back.Sum))
        {
            throw new RefusedException(Refusal.Malformed, $"No release of {back.Name} with SHA-256 {back.Sum} is in the log: there is nothing to take back. "
                + "`ledger release list` prints those that are.");
        }

        if (core.Store.Releases(back.Name, StatementKind.Withdrawal, WithdrawalsMax).Find(row => ReleaseWithdrawal.Decode(Statement.Decode(row.Statement).Payload).Sum == back.Sum)
            is { Statement: not null } first)
        {
            throw new RefusedException(Refusal.Malformed, $"{back.Name} with SHA-256 {back.Sum} is taken back already, by entry {first.LogIndex} of the log. "
                + "A withdrawal is for good; nothing more is needed.");
        }
    }

    private static LoggedRelease Answer(Statement statement, long index, Sequenced sequenced) => sequenced.Receipt is { } receipt
        ? LoggedRelease.Of(statement, index, receipt)
        : throw new RefusedException(Refusal.Unavailable, sequenced.Trouble);

    private sealed record Kept(long Newest, ImmutableArray<LoggedRelease> Releases, ImmutableArray<LoggedRelease> Withdrawals);
}
