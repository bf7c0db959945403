using System.Buffers;
using System.Globalization;
using System.Text;

namespace Evidence.Gs1;

/// <summary>A GS1 Digital Link, read: what it names, and what it says beside.</summary>
/// <param name="Key">The pallet or product.</param>
/// <param name="Expiry">The product's expiry date from <c>?17=</c>; null when there is none.</param>
/// <param name="LinkType">What the reader asks for, from <c>?linkType=</c>, as "gs1:certificationInfo"; null when nothing.</param>
public sealed record DigitalLinkTarget(Gs1Key Key, ExpiryDate? Expiry = null, string? LinkType = null);

/// <summary>Paths of GS1 Digital Links: <c>/00/SSCC</c> and <c>/01/GTIN/10/LOT/21/SERIAL?17=YYMMDD</c>, in this order only.</summary>
/// <remarks>Written in one way: what RFC 3986 does not call unreserved is percent-encoded with capital hex digits. Read strictly: a
/// fourteen-digit GTIN, right check digits, no identifier twice, in another order or unknown in the path. In the query, names that are not
/// ours are passed over, as GS1 wants it of a resolver.</remarks>
public static class DigitalLink
{
    /// <summary>Longest path with query that is read, in characters.</summary>
    public const int LengthMax = 512;

    private static readonly SearchValues<char> Unreserved = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~");

    /// <summary>What RFC 3986 lets stand in a path segment by itself.</summary>
    private static readonly SearchValues<char> SegmentCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=:@");

    /// <summary>What it lets stand in a query: "/" and "?" as well.</summary>
    private static readonly SearchValues<char> QueryCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=:@/?");

    /// <summary>The path and query behind a resolver's address: "/00/106141411234567897".</summary>
    public static string Write(Gs1Key key, ExpiryDate? expiry = null)
    {
        var path = new StringBuilder();
        foreach (var (identifier, value) in ElementString.Of(key).Parts)
        {
            path.Append('/').Append(identifier).Append('/').Append(Encode(value));
        }

        return expiry is null ? path.ToString() : path.Append("?17=").Append(expiry.Value).ToString();
    }

    /// <summary>Reads a path with or without query, as it stands in the request line: not decoded yet.</summary>
    /// <exception cref="MalformedEvidenceException">It is no such path. The message says what stands where it should not.</exception>
    public static DigitalLinkTarget Parse(string pathAndQuery)
    {
        if (pathAndQuery.Length > LengthMax)
        {
            throw new MalformedEvidenceException($"The link has {pathAndQuery.Length} characters; no pallet or product needs more than {LengthMax}.");
        }

        var query = pathAndQuery.IndexOf('?', StringComparison.Ordinal);
        var segments = (query < 0 ? pathAndQuery : pathAndQuery[..query]).Split('/');
        var isKey = segments is ["", "00", _] or ["", "01", _] or ["", "01", _, "10", _] or ["", "01", _, "21", _] or ["", "01", _, "10", _, "21", _];
        if (!isKey)
        {
            throw new MalformedEvidenceException($"\"{Gs1Text.Shown(pathAndQuery)}\" is no pallet and no product: /00/ goes with an SSCC, /01/ with a "
                + "GTIN, then /10/ with a lot, then /21/ with a serial number. Scan the code again or compare the address with the label.");
        }

        var key = segments[1] == "00" ? Gs1Key.Pallet(Sscc.Parse(Whole(segments[2], Sscc.Length))) : Product(segments);
        return Attributes(key, query < 0 ? "" : pathAndQuery[(query + 1)..]);
    }

    private static Gs1Key Product(string[] segments)
    {
        string? lot = null, serial = null;
        for (var i = 3; i < segments.Length; i += 2)
        {
            (lot, serial) = segments[i] == "10" ? (Decode(segments[i + 1]), serial) : (lot, Decode(segments[i + 1]));
        }

        return Gs1Key.Product(Gtin.Parse(Whole(segments[2], Gtin.Length)), lot, serial);
    }

    private static DigitalLinkTarget Attributes(Gs1Key key, string query)
    {
        ExpiryDate? expiry = null;
        string? linkType = null;
        foreach (var pair in query.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = pair.IndexOf('=', StringComparison.Ordinal);
            var (name, value) = equals < 0 ? (pair, "") : (pair[..equals], pair[(equals + 1)..]);
            var isTwice = (name == "17" && expiry is not null) || (name == "linkType" && linkType is not null);
            if (isTwice)
            {
                throw new MalformedEvidenceException($"The link says {name} twice. Scan the code again.");
            }

            expiry = name == "17" ? ExpiryDate.Parse(value) : expiry;
            linkType = name == "linkType" ? Decode(value, QueryCharacters) : linkType;
        }

        return new(key, expiry, linkType);
    }

    /// <summary>Numbers in a path are never grouped, padded or encoded.</summary>
    private static string Whole(string digits, int length) => digits.Length == length && CheckDigit.AreDigits(digits)
        ? digits
        : throw new MalformedEvidenceException($"In the link stands \"{Gs1Text.Shown(digits)}\" where {length} digits belong"
            + (length == Gtin.Length ? "; a shorter GTIN is filled with zeroes in front." : ". Compare it with the label."));

    private static string Encode(string text)
    {
        var encoded = new StringBuilder(text.Length);
        foreach (var character in text)
        {
            if (Unreserved.Contains(character))
            {
                encoded.Append(character);
            }
            else
            {
                encoded.Append('%').Append(((int)character).ToString("X2", CultureInfo.InvariantCulture)); // GS1's set is ASCII: one byte a character.
            }
        }

        return encoded.ToString();
    }

    private static string Decode(string segment) => Decode(segment, SegmentCharacters);

    private static string Decode(string segment, SearchValues<char> allowed)
    {
        var decoded = new StringBuilder(segment.Length);
        for (var i = 0; i < segment.Length; i++)
        {
            if (segment[i] == '%' && i + 2 < segment.Length && char.IsAsciiHexDigit(segment[i + 1]) && char.IsAsciiHexDigit(segment[i + 2]))
            {
                decoded.Append((char)byte.Parse(segment.AsSpan(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));
                i += 2;
            }
            else if (allowed.Contains(segment[i]))
            {
                decoded.Append(segment[i]);
            }
            else
            {
                throw new MalformedEvidenceException($"Character {i + 1} of \"{Gs1Text.Shown(segment)}\" may not stand in a link: it has to be percent-encoded.");
            }
        }

        return decoded.ToString();
    }
}
