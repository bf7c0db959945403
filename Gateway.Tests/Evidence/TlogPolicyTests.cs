using System.Text;
using Evidence;
using Evidence.Log;

namespace Gateway.Tests.Evidence;

/// <summary>Goal: a policy accepts exactly the checkpoints it says, a receipt holds for exactly one entry, and both say what is
/// missing.</summary>
public sealed class TlogPolicyTests
{
    private static readonly TlogPolicy Policy = TlogPolicy.Parse(LogKeys.ThreeOfFour);
    private static readonly MemoryLog Entries = MemoryLog.Of(300);

    [Fact]
    public void A_quorum_of_three_of_four_is_reached_by_any_three_and_by_no_two()
    {
        for (var set = 0; set < 16; set++)
        {
            int[] who = [.. Enumerable.Range(1, 4).Where(number => (set >> (number - 1) & 1) == 1)];
            var check = Policy.Evaluate(CosignedBy(who));
            Assert.Equal(who.Length >= 3, check.IsAccepted);
            Assert.Equal(who.Length >= 3 ? PolicyFault.None : PolicyFault.QuorumNotReached, check.Fault);
            Assert.True(check.IsSignedByLog);
            Assert.Equal(who.Select(number => ($"w{number}", LogKeys.Noon + number)),
                check.Cosigners.Select(one => (one.Witness.Name, one.Seconds)));
        }

        Assert.Equal("The quorum others needs 3 of 4: 2 cosigned (w1, w4); missing w2, w3.", Policy.Evaluate(CosignedBy(1, 4)).Reason);
        Assert.Equal("The quorum others needs 3 of 4: none has cosigned; missing w1, w2, w3, w4.", Policy.Evaluate(CosignedBy()).Reason);
    }

    [Fact]
    public void The_logs_own_clock_gives_a_time_and_counts_as_no_witness()
    {
        var check = Policy.Evaluate(LogKeys.Clock.Cosign(CosignedBy(1, 2), LogKeys.Noon));
        Assert.False(check.IsAccepted);
        Assert.Equal([("w1", false), ("w2", false), ("clock", true)],
            check.Cosigners.Select(one => (one.Witness.Name, one.IsLogsOwnClock)));
        Assert.Equal(["w1", "w2"], check.IndependentCosigners.Select(one => one.Witness.Name));
    }

    [Fact]
    public void A_stripped_changed_or_foreign_checkpoint_is_named_for_what_it_is()
    {
        var note = CosignedBy(1, 2, 3);
        var stranger = LogKeys.Of("other.example", SignatureType.Ed25519);
        var otherOrigin = stranger.Sign(SignedNote.Draft(note.Text.Replace(LogKeys.Origin, "other.example", StringComparison.Ordinal)));
        Assert.Equal("The policy knows no log \"other.example\"; it knows 1 log.", Reason(otherOrigin, PolicyFault.LogUnknown));
        var unsigned = SignedNote.Parse(note.ToString().Replace($"— {LogKeys.Origin} ", $"— {LogKeys.Origin}2 ", StringComparison.Ordinal));
        Assert.Equal($"The checkpoint carries no signature of the log {LogKeys.Origin}.", Reason(unsigned, PolicyFault.LogDidNotSign));
        var changed = SignedNote.Parse(note.ToString().Replace("\n300\n", "\n301\n", StringComparison.Ordinal));
        Assert.Contains("does not fit the text", Reason(changed, PolicyFault.SignatureWrong), StringComparison.Ordinal);
        var badWitness = note.With(note.Signatures[3] with { Bytes = note.Signatures[2].Bytes });
        Assert.Contains("witness3.example/w", Reason(badWitness, PolicyFault.SignatureWrong), StringComparison.Ordinal);
        Assert.Contains("at least three lines", Reason(LogKeys.Log.Sign(SignedNote.Draft("hello\n")), PolicyFault.NotACheckpoint),
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_log_may_rotate_its_key_under_one_origin()
    {
        using var newKey = NoteSigner.FromSeed(LogKeys.Origin, SignatureType.Ed25519, new byte[32]);
        var both = TlogPolicy.Parse($"log {LogKeys.Log.Verifier}\nlog {newKey.Verifier}\nquorum none\n");
        Assert.True(both.TrustsLogAlone);
        var text = SignedNote.Draft(new Checkpoint(LogKeys.Origin, 0, LogTree.EmptyRoot).ToText());
        Assert.True(both.Evaluate(newKey.Sign(text)).IsAccepted);
        Assert.True(both.Evaluate(LogKeys.Log.Sign(text)).IsAccepted);
        Assert.Equal(PolicyFault.LogDidNotSign, Policy.Evaluate(newKey.Sign(text)).Fault);
    }

    [Fact]
    public void Groups_of_groups_count_as_the_specifications_example_says()
    {
        var lines = new StringBuilder($"log {LogKeys.Log.Verifier}\n");
        for (var number = 1; number <= 6; number++)
        {
            lines.Append($"\t witness\tw{number}  {LogKeys.Witness(number).Verifier} \n");
        }

        lines.Append("group X 2 w1 w2 w3\n  # the second organisation\ngroup Y any w4 w5 w6\ngroup X-and-Y all X Y\nquorum X-and-Y\n");
        var policy = TlogPolicy.Parse(lines.ToString());
        for (var set = 0; set < 64; set++)
        {
            int[] who = [.. Enumerable.Range(1, 6).Where(number => (set >> (number - 1) & 1) == 1)];
            Assert.Equal(who.Count(number => number <= 3) >= 2
                && who.Any(number => number > 3), policy.Evaluate(CosignedBy(who)).IsAccepted);
        }

        Assert.Equal("The quorum X-and-Y needs 2 of 2: 1 cosigned (X); missing Y.", policy.Evaluate(CosignedBy(1, 2)).Reason);
        var single = TlogPolicy.Parse($"log {LogKeys.Log.Verifier}\nwitness w1 {LogKeys.Witness(1).Verifier}\nquorum w1\n");
        Assert.Equal("The quorum is the witness w1, which has not cosigned.", single.Evaluate(CosignedBy(2)).Reason);
        Assert.True(single.Evaluate(CosignedBy(1)).IsAccepted);
    }

    [Theory]
    [InlineData("", "The policy has no quorum line; \"quorum none\" asks for no witness.")]
    [InlineData("quorum none", "Policy line 1: the last line does not end with a newline.")]
    [InlineData("quorum none\r\n", "Policy line 1: it holds a control character; only tab and newline are allowed.")]
    [InlineData("# c\u007F\n", "Policy line 1: it holds a control character; only tab and newline are allowed.")]
    [InlineData("quorum none\nquorum none\n", "Policy line 2: there is a second quorum.")]
    [InlineData("quorum w9\n", "Policy line 1: the quorum \"w9\" is not defined above.")]
    [InlineData("quorum\n", "Policy line 1: \"quorum\" has 0 items behind it, too few or too many.")]
    [InlineData("Log x\n", "Policy line 1: \"Log\" is not log, witness, group or quorum.")]
    [InlineData("log {L}\n\nlog {L}\n", "Policy line 3: the key of log.example/coldproof is listed twice as a log.")]
    [InlineData("log {1}\n", "Policy line 1: the key of witness1.example/w has type Cosignature; Ed25519 belongs here.")]
    [InlineData("witness w {L}\n", "Policy line 1: the key of log.example/coldproof has type Ed25519; Cosignature belongs here.")]
    [InlineData("witness none {1}\n", "Policy line 1: the name \"none\" is taken.")]
    [InlineData("witness w {1}\nwitness w {2}\n", "Policy line 2: the name \"w\" is taken.")]
    [InlineData("witness w {1}\nwitness v {1}\n", "Policy line 2: the key of witness1.example/w is listed twice as a witness.")]
    [InlineData("witness w {1}\ngroup g any v\n", "Policy line 2: the member \"v\" is not defined above.")]
    [InlineData("witness w {1}\ngroup g any g\n", "Policy line 2: the member \"g\" is not defined above.")]
    [InlineData("witness w {1}\ngroup g any none\n", "Policy line 2: the member \"none\" is not defined above.")]
    [InlineData("witness w {1}\ngroup g any w w\n", "Policy line 2: \"w\" is already a member of a group; a witness counts once.")]
    [InlineData("witness w {1}\ngroup g any w\ngroup h any w\n",
        "Policy line 3: \"w\" is already a member of a group; a witness counts once.")]
    [InlineData("witness w {1}\ngroup g 0 w\n", "Policy line 2: the threshold \"0\" is not any, all or 1 to 1.")]
    [InlineData("witness w {1}\ngroup g 2 w\n", "Policy line 2: the threshold \"2\" is not any, all or 1 to 1.")]
    [InlineData("witness w {1}\ngroup g 01 w\n", "Policy line 2: the threshold \"01\" is not any, all or 1 to 1.")]
    [InlineData("witness w {1}\ngroup g any\n", "Policy line 2: \"group\" has 2 items behind it, too few or too many.")]
    public void A_policy_that_is_not_one_is_refused_with_its_line(string text, string reason) =>
        Assert.Equal(reason, Assert.Throws<MalformedEvidenceException>(() => TlogPolicy.Parse(text
            .Replace("{L}", LogKeys.Log.Verifier.ToString(), StringComparison.Ordinal)
            .Replace("{1}", LogKeys.Witness(1).Verifier.ToString(), StringComparison.Ordinal)
            .Replace("{2}", LogKeys.Witness(2).Verifier.ToString(), StringComparison.Ordinal))).Message);

    [Fact]
    public void Names_are_octets_and_two_of_them_never_become_one()
    {
        byte[] Line(byte[] name, int witness) =>
            [.. "witness "u8, .. name, .. Encoding.ASCII.GetBytes($" {LogKeys.Witness(witness).Verifier}\n")];
        var policy = TlogPolicy.Parse(
            [.. Line([0xC3, 0xA9], 1), .. Line([0xE9], 2), .. "# \xFF\ngroup g 2 "u8, 0xE9, 0x20, 0xC3, 0xA9, .. "\nquorum g\n"u8]);
        Assert.Equal("é", policy.Witnesses[0].Name);
        Assert.Equal(2, policy.Groups[0].Members.Distinct(StringComparer.Ordinal).Count());
    }

    [Fact]
    public void A_policy_of_32_logs_32_witnesses_and_32_groups_is_read_and_one_without_end_is_not()
    {
        string Lines(int count, Func<int, string> line) => string.Concat(Enumerable.Range(0, count).Select(number => line(number) + "\n"));
        string Policy(int count) =>
            Lines(count, number => $"log {LogKeys.Of($"log{number}", SignatureType.Ed25519).Verifier}")
            + Lines(count, number => $"witness w{number} {LogKeys.Witness(number).Verifier}")
            + Lines(count, number => $"group g{number} all w{number}") + "quorum g0\n";
        Assert.Equal(32, TlogPolicy.Parse(Policy(32)).Groups.Length);
        Assert.Equal("Policy line 65: there are more than 64 logs.",
            Assert.Throws<MalformedEvidenceException>(() => TlogPolicy.Parse(Policy(65))).Message);
        Assert.Throws<MalformedEvidenceException>(() => TlogPolicy.Parse(new byte[TlogPolicy.LengthMax + 1]));
    }

    [Fact]
    public void A_receipt_holds_for_its_entry_under_the_policy_and_reads_back_byte_for_byte()
    {
        var proof = new TlogProof(17, new LogProver(300, Entries.Read).Inclusion(17), CosignedBy(1, 2, 3)) { Extra = [1, 2, 3] };
        var again = TlogProof.Parse(proof.ToBytes());
        Assert.Equal(proof.ToString(), again.ToString());
        Assert.StartsWith("c2sp.org/tlog-proof@v1\nextra AQID\nindex 17\n", proof.ToString(), StringComparison.Ordinal);
        var check = again.Verify(Entries.Leaves[17], Policy);
        Assert.Equal((true, ""), (check.Holds, check.Reason));

        var other = again.Verify(Entries.Leaves[18], Policy);
        Assert.False(other.Holds);
        Assert.StartsWith("The inclusion path of entry 17 of 300 leads to ", other.Reason, StringComparison.Ordinal);
        var stripped = new TlogProof(17, proof.Path, LogKeys.CheckpointOf(Entries)).Verify(Entries.Leaves[17], Policy);
        Assert.Equal((false, true, PolicyFault.QuorumNotReached), (stripped.Holds, stripped.Inclusion.Holds, stripped.Policy.Fault));
        Assert.Equal("Entry 300 is not one of 300.", new TlogProof(300, proof.Path, proof.Note).Verify(Entries.Leaves[17], Policy).Reason);
    }

    [Fact]
    public void Any_flipped_bit_of_a_receipt_that_is_signed_or_proves_fails()
    {
        var bytes = new TlogProof(17, new LogProver(300, Entries.Read).Inclusion(17), CosignedBy(1, 2, 3)).ToBytes();
        for (var bit = 0; bit < bytes.Length * 8; bit++)
        {
            try
            {
                Assert.False(TlogProof.Parse(BatchTreeTests.Flip(bytes, bit)).Verify(Entries.Leaves[17], Policy).Holds, $"bit {bit}");
            }
            catch (MalformedEvidenceException fault)
            {
                Assert.NotEmpty(fault.Message);
            }
        }
    }

    [Theory]
    [InlineData("c2sp.org/tlog-proof@v1\n", "c2sp.org/tlog-proof@v2\n",
        "The proof starts with \"c2sp.org/tlog-proof@v2\" instead of \"c2sp.org/tlog-proof@v1\".")]
    [InlineData("index 2\n", "", "The proof has \"{h}\" where \"index\" and a decimal number belong.")]
    [InlineData("index 2\n", "index 02\n", "The proof has \"index 02\" where \"index\" and a decimal number belong.")]
    [InlineData("index 2\n", "index -2\n", "The proof has \"index -2\" where \"index\" and a decimal number belong.")]
    [InlineData("index 2\n", "index 2\nextra AQID\n", "The proof's path holds \"extra AQID\", not the base64 of 32 bytes.")]
    [InlineData("index 2\n", "extra AQI\nindex 2\n", "The proof's extra line is not the base64 of 1 to 16384 bytes.")]
    [InlineData("index 2\n", "extra AQID\nextra AQID\nindex 2\n",
        "The proof has \"extra AQID\" where \"index\" and a decimal number belong.")]
    [InlineData("\n\nlog", "\nlog", "The proof's path holds \"log.example/coldproof\", not the base64 of 32 bytes.")]
    [InlineData("\n", "\r\n", "The proof has no empty line before its checkpoint, or more than 294912 characters.")]
    public void A_text_that_is_not_a_proof_is_refused_with_its_line(string from, string to, string reason)
    {
        var proof = new TlogProof(2, new LogProver(3, Entries.Read).Inclusion(2), LogKeys.CheckpointOf(MemoryLog.Of(3)));
        var text = proof.ToString().Replace(from, to, StringComparison.Ordinal);
        Assert.Equal(
            reason.Replace("{h}", Convert.ToBase64String(proof.Path[0].ToBytes()), StringComparison.Ordinal),
            Assert.Throws<MalformedEvidenceException>(() => TlogProof.Parse(text)).Message);
    }

    private static string Reason(SignedNote note, PolicyFault fault)
    {
        var check = Policy.Evaluate(note);
        Assert.Equal((fault, false, false, 0), (check.Fault, check.IsAccepted, check.IsSignedByLog, check.Cosigners.Length));
        return check.Reason;
    }

    private static SignedNote CosignedBy(params int[] witnesses)
    {
        var note = LogKeys.CheckpointOf(Entries);
        foreach (var number in witnesses)
        {
            using var witness = LogKeys.Witness(number);
            note = witness.Cosign(note, LogKeys.Noon + number);
        }

        return note;
    }
}
