using System.Globalization;
using CsCheck;
using Evidence;
using Evidence.Gs1;

namespace Gateway.Tests.Evidence;

/// <summary>Goal: what a label says is read as GS1 means it, and a digit read wrong never resolves. Method: numbers and links that GS1
/// itself publishes, every single digit and every neighbouring pair of them spoilt, round trips of random keys.</summary>
public sealed class Gs1Tests
{
    private const string Characters82 = "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";

    private static readonly Gen<string> Texts = Gen.Char[Characters82].Array[1, 20].Select(characters => new string(characters))
        .Where(text => text is not ("." or "..")); // See A_text_of_dots_only_is_refused.

    private static readonly Gen<Gs1Key> Keys = Gen.OneOf(
        Gen.Char["0123456789"].Array[17].Select(digits => Gs1Key.Pallet(Sscc.Parse(WithCheckDigit(new(digits))))),
        Gen.Select(Gen.Char["0123456789"].Array[13], Gen.OneOf(Gen.Const((string?)null), Texts.Select(text => (string?)text)),
            Gen.OneOf(Gen.Const((string?)null), Texts.Select(text => (string?)text)),
            (digits, lot, serial) => Gs1Key.Product(Gtin.Parse(WithCheckDigit(new(digits))), lot, serial)));

    [Fact]
    public void Character_set_82_has_82_characters() => Assert.Equal(82, Characters82.Distinct().Count());

    [Theory]
    [InlineData("106141411234567897")]
    [InlineData("1 0614141 1234567897")] // As the label groups it.
    [InlineData("340123450000000000")]
    [InlineData("000000000000000000")]
    public void Pallet_numbers_are_read(string text) => Assert.Equal(text.Replace(" ", "", StringComparison.Ordinal), Sscc.Parse(text).Value);

    [Theory]
    [InlineData("09521234543213", "09521234543213")]
    [InlineData("9506000134352", "09506000134352")] // GTIN-13
    [InlineData("614141123452", "00614141123452")] // GTIN-12
    [InlineData("95050003", "00000095050003")] // GTIN-8
    public void Product_numbers_are_filled_to_fourteen_digits(string text, string value) => Assert.Equal(value, Gtin.Parse(text).Value);

    [Theory]
    [InlineData("")]
    [InlineData("10614141123456789")]
    [InlineData("1061414112345678977")]
    [InlineData("10614141123456789x")]
    [InlineData(" 106141411234567897")]
    [InlineData("1  06141411234567897")]
    [InlineData("١٠٦١٤١٤١١٢٣٤٥٦٧٨٩٧")] // Arabic-Indic digits are digits to char.IsDigit.
    [InlineData("<script>alert(1)</script>")]
    public void What_is_no_pallet_number_is_refused(string text) => Assert.Throws<MalformedEvidenceException>(() => Sscc.Parse(text));

    [Fact]
    public void Every_digit_read_wrong_is_noticed()
    {
        const string number = "106141411234567897";
        for (var at = 0; at < number.Length; at++)
        {
            for (var digit = '0'; digit <= '9'; digit++)
            {
                var spoilt = number[..at] + digit + number[(at + 1)..];
                if (spoilt != number)
                {
                    Assert.Contains("check digit", Assert.Throws<MalformedEvidenceException>(() => Sscc.Parse(spoilt)).Message, StringComparison.Ordinal);
                }
            }
        }
    }

    [Theory]
    [InlineData("/00/106141411234567897", "(00)106141411234567897")]
    [InlineData("/01/09521234543213", "(01)09521234543213")]
    [InlineData("/01/09521234543213/10/ABC123", "(01)09521234543213(10)ABC123")]
    [InlineData("/01/09521234543213/21/12345", "(01)09521234543213(21)12345")]
    [InlineData("/01/09521234543213/10/ABC123/21/12345?17=261231&linkType=gs1:traceability&x", "(01)09521234543213(10)ABC123(21)12345")]
    [InlineData("/01/09506000134352/10/A%2FB%2b%25", "(01)09506000134352(10)A/B+%")]
    public void Links_are_read(string link, string text) => Assert.Equal(text, DigitalLink.Parse(link).Key.ToString());

    [Theory]
    [InlineData("/00/106141411234567896")] // check digit
    [InlineData("/00/10614141123456789")]
    [InlineData("/00/106141411234567897/")]
    [InlineData("//00/106141411234567897")]
    [InlineData("/00/%31%306141411234567897")]
    [InlineData("/00/1 06141411234567897")]
    [InlineData("/00/106141411234567897/10/ABC")]
    [InlineData("/01/9506000134352")] // thirteen digits
    [InlineData("/01/09521234543213/21/12345/10/ABC123")] // order
    [InlineData("/01/09521234543213/10/ABC/10/ABC")]
    [InlineData("/01/09521234543213/10")]
    [InlineData("/01/09521234543213/10/")]
    [InlineData("/01/09521234543213/22/2A/10/ABC")]
    [InlineData("/01/09521234543213/17/261231")]
    [InlineData("/gtin/09521234543213")] // convenience names were withdrawn
    [InlineData("/01/09521234543213/10/ABC%2")]
    [InlineData("/01/09521234543213/10/ABC%zz")]
    [InlineData("/01/09521234543213/10/ABC%C3%A9")]
    [InlineData("/01/09521234543213/10/A B")]
    [InlineData("/01/09521234543213/10/<b>")]
    [InlineData("/01/09521234543213/10/A%00")]
    [InlineData("/01/09521234543213/10/123456789012345678901")]
    [InlineData("/01/09521234543213/21/%2E")]
    [InlineData("/01/09521234543213/10/..")]
    [InlineData("/01/09521234543213?17=261331")]
    [InlineData("/01/09521234543213?17=261231&17=261231")]
    [InlineData("/01/09521234543213?linkType=a&linkType=b")]
    [InlineData("")]
    [InlineData("/")]
    public void What_is_no_link_is_refused(string link) => Assert.Throws<MalformedEvidenceException>(() => DigitalLink.Parse(link));

    [Fact]
    public void Overlong_links_are_refused_before_they_are_read() =>
        Assert.Throws<MalformedEvidenceException>(() => DigitalLink.Parse("/00/106141411234567897?" + new string('x', DigitalLink.LengthMax)));

    [Theory]
    [InlineData(".")]
    [InlineData("..")]
    public void A_text_of_dots_only_is_refused(string text)
    {
        // What a browser would make of it, by a program that is not ours: the box becomes all boxes of the product, or of every product.
        Assert.DoesNotContain("/21/" + text, new Uri("https://ledger.example/01/09521234543213/21/" + text).AbsolutePath, StringComparison.Ordinal);
        var error = Assert.Throws<MalformedEvidenceException>(() => Gs1Key.Product(Gtin.Parse("09521234543213"), serial: text));
        Assert.StartsWith($"The serial number \"{text}\" cannot stand in a web address:", error.Message, StringComparison.Ordinal);
        Assert.Equal("...", Gs1Key.Product(Gtin.Parse("09521234543213"), "...").Lot);
    }

    [Fact]
    public void Links_and_bar_codes_come_back_as_they_were() => Gen.Select(Keys, Gen.Bool).Sample((key, isDated) =>
    {
        var expiry = isDated && key.Gtin is not null ? ExpiryDate.Parse("261200") : null;
        var link = DigitalLink.Write(key, expiry);
        Assert.Equal(new DigitalLinkTarget(key, expiry), DigitalLink.Parse(link));
        Assert.True(Uri.TryCreate("https://ledger.example" + link, UriKind.Absolute, out var uri) && uri.PathAndQuery == link, link);
        Assert.Equal((key, expiry), ElementString.Parse("]C1" + ElementString.Of(key, expiry).Data));
    });

    [Fact]
    public void A_bar_code_has_fixed_parts_first_and_a_separator_only_where_it_is_needed()
    {
        var key = Gs1Key.Product(Gtin.Parse("09521234543213"), "ABC123", "12345");
        var element = ElementString.Of(key, ExpiryDate.Parse("261231"));
        Assert.Equal("01095212345432131726123110ABC123\u001D2112345", element.Data);
        Assert.Equal("(01)09521234543213(17)261231(10)ABC123(21)12345", element.Text);
        Assert.True(element.FitsOneSymbol);
        Assert.Equal("00106141411234567897", ElementString.Of(Gs1Key.Pallet(Sscc.Parse("106141411234567897"))).Data);
        Assert.False(ElementString.Of(Gs1Key.Product(key.Gtin!, new('L', 20), new('S', 20))).FitsOneSymbol);
    }

    [Theory]
    [InlineData("")]
    [InlineData("0010614141123456789")] // cut short
    [InlineData("0010614141123456789710A")]
    [InlineData("10ABC")]
    [InlineData("0109521234543213370112")] // (37), a count
    [InlineData("010952123454321301095212345432")]
    [InlineData("010952123454321310\u001D")]
    public void What_is_no_logistic_bar_code_is_refused(string data) => Assert.Throws<MalformedEvidenceException>(() => ElementString.Parse(data));

    [Theory]
    [InlineData("261231", 2026, "2026-12-31")]
    [InlineData("280200", 2026, "2028-02-29")] // Day 00: the month's last.
    [InlineData("990101", 2026, "1999-01-01")]
    [InlineData("050615", 2098, "2105-06-15")]
    public void Expiry_dates_have_the_century_that_is_near(string text, int yearNow, string date) =>
        Assert.Equal(date, ExpiryDate.Parse(text).ToDate(yearNow).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));

    [Theory]
    [InlineData("261301")]
    [InlineData("260001")]
    [InlineData("260230")]
    [InlineData("26123")]
    [InlineData("2612311")]
    public void What_is_no_day_is_refused(string text) => Assert.Throws<MalformedEvidenceException>(() => ExpiryDate.Parse(text));

    private static string WithCheckDigit(string digits) => Enumerable.Range(0, 10).Select(digit => digits + (char)('0' + digit)).Single(IsWhole);

    /// <summary>The rule written the other way round: the weighted sum with the check digit is a multiple of ten.</summary>
    private static bool IsWhole(string number) => number.Reverse().Select((digit, i) => (digit - '0') * (i % 2 == 0 ? 1 : 3)).Sum() % 10 == 0;
}
