using System.Text;
using CsCheck;
using Evidence;
using Evidence.Log;

namespace Gateway.Tests.Evidence;

/// <summary>Goal: notes, keys and checkpoints are those of C2SP. Method: the specification's own examples, then every change to a note of
/// ours.</summary>
public sealed class SignedNoteTests
{
    private const string ExampleKey = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";

    private const string ExampleNote = """
        This is an example message.

        — example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=

        """;

    private const string ExampleCheckpoint = """
        example.com/behind-the-sofa
        20852163
        CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

        — example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
        — witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==

        """;

    [Fact]
    public void The_specifications_example_key_verifies_the_specifications_example_note()
    {
        var key = NoteVerifier.Parse(ExampleKey);
        Assert.Equal(("example.com/foo", 0x530d903au, SignatureType.Ed25519, ExampleKey), (key.Name, key.KeyId, key.Type, key.ToString()));
        var note = SignedNote.Parse(ExampleNote);
        Assert.Equal("This is an example message.\n", note.Text);
        Assert.Equal(ExampleNote, note.ToString());
        var check = note.Check([key]);
        Assert.Equal((true, ""), (check.Holds, check.Reason));
        Assert.Equal([new VerifiedSignature(key, null)], check.Verified);
        Assert.False(SignedNote.Parse(ExampleNote.Replace("example m", "exemple m", StringComparison.Ordinal)).Check([key]).Holds);
    }

    [Fact]
    public void The_specifications_example_checkpoint_and_cosignature_are_read_and_written_back()
    {
        var note = SignedNote.Parse(ExampleCheckpoint);
        var checkpoint = Checkpoint.Parse(note.Text);
        Assert.Equal(("example.com/behind-the-sofa", 20_852_163L), (checkpoint.Origin, checkpoint.Size));
        Assert.Equal("CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=", Convert.ToBase64String(checkpoint.Root.ToBytes()));
        Assert.Equal(note.Text, checkpoint.ToText());
        Assert.True(Cosignature.TryRead(note.Signatures[1].Bytes.AsSpan(), out var seconds, out _));
        Assert.Equal(1_679_315_147, seconds);
        Assert.Equal("cosignature/v1\ntime 1679315147\n" + note.Text,
            Encoding.UTF8.GetString(Cosignature.Message(seconds, Encoding.UTF8.GetBytes(note.Text))));
    }

    [Fact]
    public void A_cosigner_signs_the_time_and_the_checkpoint_and_both_are_bound()
    {
        using var witness = LogKeys.Witness(1);
        var note = witness.Cosign(LogKeys.CheckpointOf(MemoryLog.Of(5)), LogKeys.Noon);
        Assert.Equal([new VerifiedSignature(LogKeys.Log.Verifier, null), new VerifiedSignature(witness.Verifier, LogKeys.Noon)],
            note.Check([LogKeys.Log.Verifier, witness.Verifier]).Verified);
        for (var bit = 0; bit < Cosignature.Length * 8; bit++)
        {
            var changed = note.With(note.Signatures[1] with { Bytes = [.. BatchTreeTests.Flip([.. note.Signatures[1].Bytes], bit)] });
            Assert.False(changed.Check([witness.Verifier]).Holds);
        }

        Assert.Throws<MalformedEvidenceException>(() => witness.Cosign(SignedNote.Draft("not a checkpoint\n"), LogKeys.Noon));
        Assert.Throws<InvalidOperationException>(() => witness.Sign(note));
        Assert.Throws<InvalidOperationException>(() => LogKeys.Log.Cosign(note, LogKeys.Noon));
    }

    [Fact]
    public void A_plain_signature_of_the_same_key_is_no_cosignature_and_has_another_key_id()
    {
        using var plain = LogKeys.Of("witness1.example/w", SignatureType.Ed25519);
        using var witness = LogKeys.Witness(1);
        Assert.Equal(plain.Verifier.PublicKey, witness.Verifier.PublicKey);
        Assert.NotEqual(plain.Verifier.KeyId, witness.Verifier.KeyId);
        var note = plain.Sign(LogKeys.CheckpointOf(MemoryLog.Of(1)));
        Assert.False(note.Check([witness.Verifier]).Holds);
        var relabelled = note.With(note.Signatures[1] with { KeyId = witness.Verifier.KeyId });
        Assert.Equal($"The signature of witness1.example/w (key {witness.Verifier.KeyId:x8}) does not fit the text.",
            relabelled.Check([witness.Verifier]).Reason);
    }

    [Fact]
    public void Unknown_signatures_are_ignored_even_under_a_known_name_or_a_known_id_but_not_under_both()
    {
        var key = NoteVerifier.Parse(ExampleKey);
        var note = SignedNote.Parse(ExampleNote);
        var garbage = note.Signatures[0].Bytes.SetItem(0, 0);
        Assert.True(note.With(new(key.Name, key.KeyId + 1, garbage)).Check([key]).Holds);
        Assert.True(note.With(new("example.com/bar", key.KeyId, garbage)).Check([key]).Holds);
        Assert.False(note.With(new(key.Name, key.KeyId, garbage)).Check([key]).Holds);
        var both = SignedNote.Parse(
            note.With(new("x", 1, garbage)).ToString().Replace("— x AAAAAQ", "— example.com/foo Uw2QOg", StringComparison.Ordinal));
        Assert.Equal((2, false), (both.Signatures.Length, both.Check([key]).Holds)); // A second, wrong one of a known key spoils the note.
        Assert.Equal("None of the 1 signatures is by a known key.", note.Check([LogKeys.Log.Verifier]).Reason);
    }

    [Fact]
    public void Any_flipped_bit_of_a_note_is_malformed_or_does_not_verify()
    {
        var bytes = Encoding.UTF8.GetBytes(ExampleNote);
        var key = NoteVerifier.Parse(ExampleKey);
        for (var bit = 0; bit < bytes.Length * 8; bit++)
        {
            try
            {
                Assert.False(SignedNote.Parse(BatchTreeTests.Flip(bytes, bit)).Check([key]).Holds, $"bit {bit}");
            }
            catch (MalformedEvidenceException fault)
            {
                Assert.NotEmpty(fault.Message);
            }
        }
    }

    [Theory]
    [InlineData("", "does not end with an empty line")]
    [InlineData("text\n", "does not end with an empty line")]
    [InlineData("text\n\n", "does not end with an empty line")]
    [InlineData("text\n\n— a AAAAAQE=", "does not end with an empty line")]
    [InlineData("text\r\n\n— a AAAAAQE=\n", "control character U+000D at character 4")]
    [InlineData("te\txt\n\n— a AAAAAQE=\n", "control character U+0009 at character 2")]
    [InlineData("text\n\n- a AAAAAQE=\n", "Signature line 1 is not an em dash")]
    [InlineData("text\n\n— a AAAAAQE=\n— b+c AAAAAQE=\n", "Signature line 2 is not an em dash")]
    [InlineData("text\n\n— a AAAAAQE= \n", "Signature line 1 is not an em dash")]
    [InlineData("text\n\n—  AAAAAQE=\n", "Signature line 1 is not an em dash")]
    [InlineData("text\n\n— a\u00A0b AAAAAQE=\n", "Signature line 1 is not an em dash")]
    [InlineData("text\n\n— a AAAAAQ==\n", "not the base64 of a key ID and a signature")]
    [InlineData("text\n\n— a AAAAAQF=\n", "not the base64 of a key ID and a signature")]
    [InlineData("text\n\n— a AAAAAQE\n", "not the base64 of a key ID and a signature")]
    [InlineData("text\n\n— a AAAA-QE=\n", "not the base64 of a key ID and a signature")]
    public void A_text_that_is_not_a_note_is_refused_with_the_place(string text, string reason) =>
        Assert.Contains(reason, Assert.Throws<MalformedEvidenceException>(() => SignedNote.Parse(text)).Message, StringComparison.Ordinal);

    [Fact]
    public void Notes_are_bounded_in_bytes_and_signatures_and_must_be_utf8()
    {
        var line = "— a AAAAAQE=\n";
        Assert.Equal(100, SignedNote.Parse("t\n\n" + string.Concat(Enumerable.Repeat(line, 100))).Signatures.Length);
        Assert.Throws<MalformedEvidenceException>(() => SignedNote.Parse("t\n\n" + string.Concat(Enumerable.Repeat(line, 101))));
        Assert.Throws<MalformedEvidenceException>(() => SignedNote.Parse(new byte[SignedNote.LengthMax + 1]));
        var fault = Assert.Throws<MalformedEvidenceException>(() => SignedNote.Parse([(byte)'t', 0xFF, (byte)'\n', (byte)'\n']));
        Assert.Equal("The note is not UTF-8 at byte 1.", fault.Message);
        Assert.Throws<MalformedEvidenceException>(() => SignedNote.Draft("no newline"));
        Assert.Throws<MalformedEvidenceException>(() => SignedNote.Draft("bell \a\n"));
    }

    [Fact]
    public void The_last_empty_line_parts_text_and_signatures()
    {
        var note = LogKeys.Log.Sign(SignedNote.Draft("a\n\nb\n\n"));
        Assert.Equal("a\n\nb\n\n", SignedNote.Parse(note.ToString()).Text);
        Assert.True(SignedNote.Parse(note.ToBytes()).Check([LogKeys.Log.Verifier]).Holds);
    }

    [Fact]
    public void A_private_key_text_is_read_back_and_a_changed_one_is_refused_without_being_repeated()
    {
        var text = LogKeys.Log.ToPrivateKeyText();
        Assert.StartsWith($"PRIVATE+KEY+{LogKeys.Origin}+", text, StringComparison.Ordinal);
        using var again = NoteSigner.Parse(text);
        Assert.Equal(LogKeys.Log.Verifier.ToString(), again.Verifier.ToString());
        var secret = text[^20..];
        foreach (var broken in new[] { "", text[1..], text[..^1], text.Replace("coldproof", "coldprooF", StringComparison.Ordinal),
            text + "=", text.ToUpperInvariant() })
        {
            Assert.DoesNotContain(secret, Assert.Throws<MalformedEvidenceException>(() => NoteSigner.Parse(broken)).Message,
                StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("", "is not a verifier key")]
    [InlineData("example.com/foo+530d903a", "is not a verifier key")]
    [InlineData("+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", "is not a key name")]
    [InlineData("example.com foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", "is not a key name")]
    [InlineData("example.com/fop+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", "its key gives")]
    [InlineData("example.com/foo+530D903A+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", "its key gives 530d903a")]
    [InlineData("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2", "is not in base64")]
    [InlineData("example.com/foo+530d903a+BukyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", "has signature type 0x06")]
    [InlineData("example.com/foo+530d903a+AekyeRrm", "has 5 bytes instead of 32")]
    public void A_text_that_is_not_a_verifier_key_is_refused(string vkey, string reason) =>
        Assert.Contains(reason, Assert.Throws<MalformedEvidenceException>(() => NoteVerifier.Parse(vkey)).Message,
            StringComparison.Ordinal);

    [Theory]
    [InlineData("o\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n", null)]
    [InlineData("o\n9223372036854775807\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\next 1\next 2\n", null)]
    [InlineData("o\n1\n", "at least three lines")]
    [InlineData("o\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", "at least three lines")]
    [InlineData("\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n", "Line 1 of the checkpoint is empty")]
    [InlineData("o\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n", "Line 4 of the checkpoint is empty")]
    [InlineData("o\n01\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n", "size is \"01\"")]
    [InlineData("o\n-1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n", "size is \"-1\"")]
    [InlineData("o\n+1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n", "size is \"+1\"")]
    [InlineData("o\n9223372036854775808\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n", "not a decimal number below 2^63")]
    [InlineData("o\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFV=\n", "root is")]
    [InlineData("o\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hS\n", "root is")]
    public void A_checkpoints_text_is_read_and_written_back_or_refused_with_the_line(string text, string? reason)
    {
        if (reason is null)
        {
            Assert.Equal(text, Checkpoint.Parse(text).ToText());
            return;
        }

        Assert.Contains(reason, Assert.Throws<MalformedEvidenceException>(() => Checkpoint.Parse(text)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Random_text_is_refused_with_a_sentence_and_never_with_another_exception() => Gen.OneOf(
        Gen.String, Gen.String[Gen.Char["ab+— \n=A0"], 0, 60], Gen.String.Select(tail => "c2sp.org/tlog-proof@v1\nindex " + tail)).Sample(
        text =>
        {
            foreach (var parse in new Action<string>[]
                { t => SignedNote.Parse(t), t => Checkpoint.Parse(t), t => TlogProof.Parse(t), t => NoteVerifier.Parse(t), t =>
                    NoteSigner.Parse(t) })
            {
                try
                {
                    parse(text);
                }
                catch (MalformedEvidenceException fault)
                {
                    Assert.NotEmpty(fault.Message);
                }
            }
        },
        iter: 2_000);
}
