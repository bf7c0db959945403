using System.Globalization;
using System.Text;
using Evidence.Gs1;

namespace Ledger.Labels;

/// <summary>A GS1-128 symbol: Code 128 (ISO 15417) whose first character is FNC1.</summary>
/// <remarks>Code sets B and C; the shortest of all ways through them is taken. Set A is not needed: GS1's characters have no controls.</remarks>
public sealed class Code128
{
    /// <summary>White before and behind the symbol, in modules.</summary>
    public const int Quiet = 10;

    private const int Fnc1 = 102, StartB = 104, StartC = 105, Stop = 106, ToB = 100, ToC = 99, CheckModulus = 103;

    /// <summary>Widths of bar, space, bar, space, bar, space of each symbol character; the stop has one bar more (ISO 15417, table 1).</summary>
    private static readonly string[] Widths =
        ("212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232 122132 122231 113222 123122 123221 223211 221132 "
        + "221231 213212 223112 312131 311222 321122 321221 312212 322112 322211 212123 212321 232121 111323 131123 131321 112313 132113 132311 211313 "
        + "231113 231311 112133 112331 132131 113123 113321 133121 313121 211331 231131 213113 213311 213131 311123 311321 331121 312113 312311 332111 "
        + "314111 221411 431111 111224 111422 121124 121421 141122 141221 112214 112412 122114 122411 142112 142211 241211 221114 413111 241112 134111 "
        + "111242 121142 121241 114212 124112 124211 411212 421112 421211 212141 214121 412121 111143 111341 131141 114113 114311 411113 411311 113141 "
        + "114131 311141 411131 211412 211214 211232 2331112").Split(' ');

    private Code128(string data, IReadOnlyList<int> characters) => (Data, Characters) = (data, characters);

    /// <summary>What it says, <see cref="ElementString.Separator"/> for FNC1 in between.</summary>
    public string Data { get; }

    /// <summary>Symbol characters, from the start to the stop, the check character among them.</summary>
    public IReadOnlyList<int> Characters { get; }

    /// <summary>Modules without the quiet zones.</summary>
    public int Width => (11 * Characters.Count) + 2;

    /// <exception cref="ArgumentException">Another character than GS1's.</exception>
    public static Code128 Of(string data)
    {
        if (data.Length == 0 || data.Any(c => c != ElementString.Separator && c is < '!' or > '~'))
        {
            throw new ArgumentException("A GS1-128 symbol holds GS1's characters, and at least one.", nameof(data));
        }

        var characters = Shortest(data);
        var sum = characters.Index().Sum(item => Math.Max(1, item.Index) * item.Item); // The start weighs 1, as the first behind it does.
        characters.Add(sum % CheckModulus);
        characters.Add(Stop);
        return new(data, characters);
    }

    /// <summary>Dark runs: where each bar begins, in modules from the first bar, and how wide it is.</summary>
    public IEnumerable<(int X, int Width)> Bars()
    {
        var x = 0;
        foreach (var widths in Characters.Select(character => Widths[character]))
        {
            for (var i = 0; i < widths.Length; i++)
            {
                var width = widths[i] - '0';
                if (i % 2 == 0)
                {
                    yield return (x, width);
                }

                x += width;
            }
        }
    }

    /// <summary>The same as field data of ZPL's ^BC in mode N, in which every choice of ours is said: start, sets, FNC1. The printer adds
    /// check and stop.</summary>
    public string ToZpl()
    {
        var text = new StringBuilder();
        var inC = false;
        foreach (var character in Characters.Take(Characters.Count - 2))
        {
            (var piece, inC) = character switch
            {
                StartC => (">;", true),
                StartB => (">:", false),
                Fnc1 => (">8", inC),
                ToB when inC => (">6", false),
                ToC when !inC => (">5", true),
                _ when inC => (character.ToString("D2", CultureInfo.InvariantCulture), true),
                '>' - ' ' => (">0", false),
                _ => (((char)(character + ' ')).ToString(), false),
            };
            text.Append(piece);
        }

        return text.ToString();
    }

    /// <summary>Cheapest way from each place on, from the end backwards: one character costs one, a change of set one more.</summary>
    private static List<int> Shortest(string data)
    {
        var cost = new int[data.Length + 1, 2]; // [place, set]: 0 is B, 1 is C.
        for (var at = data.Length - 1; at >= 0; at--)
        {
            var stay = (B: 1 + cost[at + 1, 0], C: StayInC(data, at, cost));
            cost[at, 0] = Math.Min(stay.B, 1 + stay.C);
            cost[at, 1] = Math.Min(stay.C, 1 + stay.B);
        }

        // Where both are as short, GS1's rule: C when four digits or more come first (General Specifications, 5.4.7.7).
        var set = cost[0, 1] < cost[0, 0] || (cost[0, 1] == cost[0, 0] && data.Length >= 4 && data.AsSpan(0, 4).IndexOfAnyExceptInRange('0', '9') < 0) ? 1 : 0;
        var characters = new List<int> { set == 1 ? StartC : StartB, Fnc1 };
        for (var at = 0; at < data.Length;)
        {
            var stay = set == 1 ? StayInC(data, at, cost) : 1 + cost[at + 1, 0];
            if (stay > cost[at, set])
            {
                characters.Add(set == 1 ? ToB : ToC);
                set = 1 - set;
            }
            else if (data[at] == ElementString.Separator)
            {
                characters.Add(Fnc1);
                at++;
            }
            else if (set == 1)
            {
                characters.Add((10 * (data[at] - '0')) + data[at + 1] - '0');
                at += 2;
            }
            else
            {
                characters.Add(data[at] - ' ');
                at++;
            }
        }

        return characters;
    }

    private static int StayInC(string data, int at, int[,] cost) =>
        data[at] == ElementString.Separator ? 1 + cost[at + 1, 1]
        : at + 1 < data.Length && char.IsAsciiDigit(data[at]) && char.IsAsciiDigit(data[at + 1]) ? 1 + cost[at + 2, 1]
        : 1_000; // Not in this set; far more than any symbol, and small enough to be added to.
}
