using System.Security.Cryptography;
using Evidence;
using Evidence.Gs1;
using Ledger.Admission;
using Ledger.Store;

namespace Ledger.Links;

/// <summary>A link cannot be made, used or taken back. The message names the fact and the next step.</summary>
public sealed class LinkRefusedException : Exception
{
    public LinkRefusedException() { }

    public LinkRefusedException(string message) : base(message) { }

    public LinkRefusedException(string message, Exception inner) : base(message, inner) { }
}

/// <summary>Makes links and takes them back; writes each of these acts, and each use, into the log before it counts.</summary>
/// <remarks>The link and its first entry are one commit of the store: after a power cut either both are there or neither.</remarks>
public sealed class LinkDesk(LedgerStore store, Sequencer sequencer, LinkSigner signer, TimeProvider clock) : IAsyncDisposable
{
    private readonly SemaphoreSlim turn = new(1);

    public LinkBook Book { get; } = new(store);

    /// <summary>Makes a link. When it returns, the entry is in the log.</summary>
    /// <returns>The link, and its token, which is not kept anywhere unless the access is open.</returns>
    /// <exception cref="LinkRefusedException">The terms do not fit the record, or the entry could not be logged.</exception>
    public async Task<(KnownLink Link, LinkToken Token)> Create(LinkTerms terms, CancellationToken cancellation)
    {
        var nowMs = clock.GetUtcNow().ToUnixTimeMilliseconds();
        CheckRecord(terms, nowMs);
        var (id, token) = (LinkId.FromBytes(RandomNumberGenerator.GetBytes(LinkId.Length)), LinkToken.Draw());
        var open = terms.Access == LinkAccess.Open ? token.Text : null;
        var row = new LinkRow { Id = id.Value, TokenDigest = token.Digest, OpenToken = open, Key = DigitalLink.Write(terms.Key) };
        var index = await Log(id, (_, _) => new LinkCreated(id, default, nowMs, terms), row, cancellation).ConfigureAwait(false);
        return (new(id, open, terms, nowMs, index, null), token);
    }

    /// <summary>Takes a link back: from here on it shows nothing.</summary>
    /// <returns>The entry's place in the log.</returns>
    /// <exception cref="LinkRefusedException">There is no such link, it is revoked already, or the entry could not be logged.</exception>
    public async Task<long> Revoke(LinkId id, string reason, CancellationToken cancellation)
    {
        Disclosure.CheckText("reason", reason, Disclosure.ReasonLengthMax);
        var link = Book.Find(id) ?? throw new LinkRefusedException($"There is no link {id}. `ledger link list` shows all.");
        if (link.Revoked is { } before)
        {
            throw new LinkRefusedException($"Link {id} is revoked since {Wording.Utc(before.AtMs)}: \"{before.Reason}\".");
        }

        var nowMs = clock.GetUtcNow().ToUnixTimeMilliseconds();
        return await Log(id, (number, previous) => new LinkRevoked(id, number, previous, nowMs, reason), null, cancellation).ConfigureAwait(false);
    }

    /// <summary>Writes down uses of a link.</summary>
    /// <exception cref="LinkRefusedException">The entry could not be logged: what was asked for is not shown.</exception>
    public Task<long> Use(LinkId id, UseCount uses, CancellationToken cancellation) => Log(id,
        (number, previous) => new LinkUsed(id, number, previous, uses.FirstMs, uses.LastMs, uses.Count, uses.Shown), null, cancellation);

    public ValueTask DisposeAsync()
    {
        turn.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task<long> Log(LinkId id, Func<long, Digest, Disclosure> content, LinkRow? made, CancellationToken cancellation)
    {
        // One at a time: each entry of a link names the one before it.
        await turn.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            var epoch = sequencer.Epoch; // Before the tip is read: a round that fails in between makes the sequencer refuse this one.
            var tip = Book.Tip(id);
            var (number, previous) = tip is var (last, digest) ? (last + 1, digest) : (0, default);
            var bytes = content(number, previous).Encode();
            var salt = RandomNumberGenerator.GetBytes(Disclosure.SaltLength);
            var statement = signer.Sign(Disclosure.Commit(salt, bytes));
            var index = -1L;
            var revokes = content(number, previous) is LinkRevoked;
            var round = await sequencer.Add(new(null, statement, place =>
            {
                index = place;
                return new DisclosureRow { LogIndex = place, Link = id.Value, Number = number, Revokes = revokes, Salt = salt, Content = bytes, Made = made };
            }), epoch, cancellation).ConfigureAwait(false);
            // Not cancellable any more: whether it was logged has to be known before the next entry names it.
            var sequenced = await round.ConfigureAwait(false);
            return sequenced.Receipt is null ? throw new LinkRefusedException(sequenced.Trouble) : index;
        }
        finally
        {
            turn.Release();
        }
    }

    private void CheckRecord(LinkTerms terms, long nowMs)
    {
        terms.Check();
        var manifests = store.Manifests(terms.Gateway.Value);
        if (manifests.Count == 0)
        {
            throw new LinkRefusedException($"No gateway {terms.Gateway} is enrolled at this ledger. The page /g lists those that are.");
        }

        var channels = manifests.Max(found => Manifest.Decode(found.Statement).Channels.Length);
        if (terms.Channels[^1].Value >= channels)
        {
            throw new LinkRefusedException($"Gateway {terms.Gateway} has channels 0 to {channels - 1}; {terms.Channels[^1]} is none of them.");
        }

        if (terms.ExpiresMs <= nowMs)
        {
            throw new LinkRefusedException($"The link would expire {Wording.Utc(terms.ExpiresMs)}; by the ledger's clock it is {Wording.Utc(nowMs)}.");
        }

        if (Book.All().Count(link => link.IsLive(nowMs)) >= LinkBook.LiveMax)
        {
            throw new LinkRefusedException($"{LinkBook.LiveMax} links show something now, as many as may. Revoke some that are not needed any more.");
        }
    }
}

/// <summary>Uses of one link that one entry counts.</summary>
public readonly record struct UseCount(long FirstMs, long LastMs, long Count, ShownForms Shown);

/// <summary>The ledger's own signature under its entries about links.</summary>
/// <param name="origin">The log's name.</param>
/// <param name="key">DATA/statement.key. Nobody needs to trust it: what counts is that the entry stands in the log.</param>
public sealed class LinkSigner(string origin, ECDsa key)
{
    public Statement Sign(Digest commitment) => Disclosure.Sign(commitment, origin, key);
}

internal static class Wording
{
    /// <summary>"2026-05-02 10:36:00 UTC".</summary>
    public static string Utc(long wallMs) => DateTimeOffset.FromUnixTimeMilliseconds(wallMs)
        .ToString("yyyy-MM-dd HH:mm:ss 'UTC'", System.Globalization.CultureInfo.InvariantCulture);
}
