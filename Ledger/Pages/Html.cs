using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Unicode;

namespace Ledger.Pages;

/// <summary>Markup that was written by <see cref="Html"/> and may stand in a page as it is.</summary>
public readonly record struct Markup(string Text);

/// <summary>Builds a page. What stands in the string literals of this program is markup; every value that is filled in is text and is
/// encoded.</summary>
public sealed class Html
{
    private static readonly HtmlEncoder Encoder = HtmlEncoder.Create(UnicodeRanges.All);

    private readonly StringBuilder text = new();

    /// <summary>Adds a piece: <c>html.Add($"&lt;p&gt;{place}&lt;/p&gt;")</c>.</summary>
    public Html Add([InterpolatedStringHandlerArgument("")] ref Piece piece)
    {
        _ = piece; // It wrote into this page while it was built.
        return this;
    }

    public Markup ToMarkup() => new(text.ToString());

    public override string ToString() => text.ToString();

    /// <summary>Receives the literals and values of an interpolated string.</summary>
    [InterpolatedStringHandler]
    public readonly ref struct Piece(int literalLength, int formattedCount, Html html)
    {
        private readonly StringBuilder text = html.text.EnsureRoom(literalLength + (formattedCount * 16));

        public void AppendLiteral(string literal) => text.Append(literal);

        public void AppendFormatted(string? value) => text.Append(Encoder.Encode(value ?? ""));

        public void AppendFormatted(Markup markup) => text.Append(markup.Text);

        public void AppendFormatted(long number) => text.Append(CultureInfo.InvariantCulture, $"{number}");

        /// <summary>A coordinate of a drawing: one decimal.</summary>
        public void AppendFormatted(double coordinate) => text.Append(CultureInfo.InvariantCulture, $"{coordinate:0.#}");
    }
}

internal static class StringBuilderRoom
{
    public static StringBuilder EnsureRoom(this StringBuilder text, int more)
    {
        text.EnsureCapacity(text.Length + more);
        return text;
    }
}
