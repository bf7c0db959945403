using System.Text.RegularExpressions;
using Evidence;

namespace Gateway.Tests.Evidence;

/// <summary>Goal: whatever does not hold can be said in every language, with nothing left out. Method: the catalogue against the faults, the
/// languages against each other, and the golden attacks' findings against their places.</summary>
public sealed partial class ReasonsTests
{
    /// <summary>Faults that only a browser can meet.</summary>
    private static readonly string[] BrowsersOwn = ["CryptoDisagrees"];

    [Fact]
    public void Every_fault_has_its_sentence_in_every_language()
    {
        foreach (var language in Reasons.Languages)
        {
            var keys = Reasons.All(language).Keys.Where(key => key[..5] is not ("note." or "page.")).Select(key => key.Split('.')[0]).Distinct();
            Assert.Equal(Enum.GetNames<Fault>().Where(name => name != nameof(Fault.None)).Concat(BrowsersOwn).Order(), keys.Order());
        }
    }

    [Fact]
    public void Every_language_has_the_same_sentences_with_the_same_places_and_none_is_left_in_English()
    {
        var english = Reasons.All("en");
        foreach (var language in Reasons.Languages.Where(language => language != "en"))
        {
            var other = Reasons.All(language);
            Assert.Equal(english.Keys.Order(), other.Keys.Order());
            Assert.DoesNotContain(english.Keys, key => Places(english[key]) != Places(other[key]));
            Assert.DoesNotContain(english.Keys, key => english[key] == other[key]);
        }
    }

    [Fact]
    public void Every_golden_attack_fills_its_sentence_exactly()
    {
        using var truck = AttackTests.Truck("place");
        using var stranger = AttackTests.Truck("place");
        var findings = Attacks.All(truck, stranger)
            .Select(attack => Verifier.Verify(attack.Bundle, truck.Policy).Checks.FirstOrDefault(check => check.State == CheckState.Failed)?.Finding)
            .OfType<Finding>().ToList();
        Assert.NotEmpty(findings);
        foreach (var finding in findings)
        {
            Assert.Equal(string.Join("", Enumerable.Range(0, finding.Values.Length).Select(i => $"{{{i}}}")), Places(Reasons.All("en")[finding.Key]));
            Assert.All(Reasons.Languages, language => Assert.DoesNotMatch(Place(), finding.Say(language)));
        }
    }

    private static string Places(string sentence) => string.Join("", Place().Matches(sentence).Select(match => match.Value).Distinct().Order());

    [GeneratedRegex(@"\{[0-9]+\}")]
    private static partial Regex Place();
}
