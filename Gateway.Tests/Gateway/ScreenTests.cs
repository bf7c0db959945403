using Gateway.Terminal;

namespace Gateway.Tests.Gateway;

// Goal: a name in a stranger's file never steers the terminal of whoever reads it. Method: the characters that could.
public sealed class ScreenTests
{
    [Theory]
    [InlineData("rear\u001b[2J\n  ✓ VERIFIED", "rear?[2J?  ✓ VERIFIED")]
    [InlineData("rear \u202Eedisni", "rear ?edisni")]
    [InlineData("a\u2066b\u2069c\u200Ed\u061Ce\u2028f\u0085g\0h", "a?b?c?d?e?f?g?h")]
    [InlineData("温度 عربي می‌خواهم 👩‍🔬 é", "温度 عربي می‌خواهم 👩‍🔬 é")]
    public void What_would_steer_the_terminal_becomes_a_question_mark_and_every_script_stays(string text, string shown)
    {
        Assert.Equal(shown, Screen.Safe(text));
        using var error = new StringWriter { NewLine = "\n" };
        new Screen(TextWriter.Null, error, isColoured: false, isInteractive: false).Problem(text);
        Assert.Equal($"✗ {shown}\n", error.ToString());
    }
}
