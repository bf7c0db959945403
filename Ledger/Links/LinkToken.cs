using System.Security.Cryptography;
using System.Text;
using Evidence;

namespace Ledger.Links;

/// <summary>What opens a link: 128 random bits, written as 32 lower-case hexadecimal digits. Whoever holds it may see; nobody guesses
/// it.</summary>
public readonly record struct LinkToken
{
    private const int Bytes = 16;

    private LinkToken(string text) => Text = text;

    /// <summary>The digits; a secret unless the link's access is open.</summary>
    public string Text { get; }

    /// <summary>What the store keeps and looks up.</summary>
    public Digest Digest => Digest.Of(Encoding.ASCII.GetBytes(Text));

    public static LinkToken Draw() => new(Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(Bytes)));

    /// <summary>Null when the text is no token: another length, capitals, anything else.</summary>
    public static LinkToken? Read(string text) =>
        text.Length == 2 * Bytes && text.All(digit => char.IsAsciiHexDigitLower(digit)) ? new(text) : null;

    /// <summary>Never the digits: a token does not get into a log by accident.</summary>
    public override string ToString() => "a link's token";
}
