using Evidence;

namespace Ledger.Store;

/// <summary>One link, live, expired or revoked. What it shows and to whom stands in its first entry (<see cref="DisclosureRow.Content"/>).</summary>
public sealed class LinkRow
{
    public Guid Id { get; init; }

    /// <summary>SHA-256 of the token. The token itself is printed once and not kept: who copies the database opens nothing.</summary>
    public Digest TokenDigest { get; init; }

    /// <summary>The token of a link whose access is open, where it is no secret; null otherwise.</summary>
    public string? OpenToken { get; init; }

    /// <summary>The GS1 key as a Digital Link's path, in its one form.</summary>
    public required string Key { get; init; }
}

/// <summary>One entry of the log about a link, with what opens it.</summary>
public sealed class DisclosureRow
{
    public long LogIndex { get; init; }

    public Guid Link { get; init; }

    /// <summary>From 0, without holes.</summary>
    public long Number { get; init; }

    /// <summary>Whether this entry takes the link back.</summary>
    public bool Revokes { get; init; }

    /// <summary>Thirty-two random bytes.</summary>
    public required byte[] Salt { get; init; }

    /// <summary>The entry's content; the log holds its salted hash only.</summary>
    public required byte[] Content { get; init; }

    /// <summary>The link that this entry makes; null for later entries of one that exists. For writing only.</summary>
    public LinkRow? Made { get; init; }
}
