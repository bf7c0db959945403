using System.Text.Json;
using System.Text.Json.Nodes;
using Evidence;
using Gateway.Tests.House;

namespace Gateway.Tests.Evidence;

/// <summary>Goal: every tampering is refused for its own reason. Method: bend a good bundle in every way we know, fresh and from golden
/// files.</summary>
public sealed class AttackTests
{
    /// <summary>Set to a folder to write the golden files anew: they are what the browser's verifier is held to.</summary>
    internal const string WriteSwitch = "COLDPROOF_WRITE_GOLDEN";

    [Fact]
    public void Every_attack_gets_its_own_answer()
    {
        using var truck = Truck("place");
        using var stranger = Truck("place");
        var wrong = Attacks.All(truck, stranger).Select(attack => (attack, verdict: Verifier.Verify(attack.Bundle, attack.Policy ?? truck.Policy)))
            .Where(pair => (pair.verdict.Word, pair.verdict.Fault) != (pair.attack.Word, pair.attack.Fault))
            .Select(pair =>
                $"{pair.attack.Name}: {pair.verdict.Word}/{pair.verdict.Fault} ({pair.verdict.Reason}), not "
                    + $"{pair.attack.Word}/{pair.attack.Fault}");
        Assert.Empty(wrong);
    }

    /// <remarks>F-131, F-173.</remarks>
    /// <summary>What is said of a page is never part of the word, whatever is wrong with its release.</summary>
    [Fact]
    public void Every_bent_release_is_named_for_its_own_reason_and_changes_no_word()
    {
        using var truck = Truck("place");
        using var stranger = Truck("place");
        var attacks = Attacks.All(truck, stranger).Where(attack => attack.Page is not null).ToList();
        Assert.True(attacks.Count >= 38, $"{attacks.Count} attacks");
        foreach (var attack in attacks)
        {
            var verdict = Verifier.Verify(attack.Bundle, truck.Policy);
            var answer = PageAnswer.Of(verdict.Releases, ReleaseAttacks.Page);
            Assert.Equal((attack.Name, attack.Page!.Value, VerdictWord.Verified, ""),
                (attack.Name, (answer.Standing, verdict.Releases[0].Finding.Fault), verdict.Word, verdict.Reason));
            Assert.All(Reasons.Languages, language => Assert.DoesNotMatch(@"\{[0-9]\}", answer.Say(language)));
        }
    }

    /// <summary>A rule that no row breaks could say anything, in any of the verifiers.</summary>
    [Fact]
    public void Every_fault_is_reached_by_a_golden_row()
    {
        var index = JsonNode.Parse(File.ReadAllBytes(Repository.At("Gateway.Tests", "Golden", "attacks", "index.json")))!.AsArray();
        var reached = index.SelectMany(row => (row!["page"]?["releases"]?.AsArray() ?? []).Append(row["fault"])).Select(fault => fault!.GetValue<string>());
        Assert.Empty(Enum.GetNames<Fault>().Except(reached));
    }

    /// <remarks>F-132: two heads of different sizes were taken for one log without proof, and a fork between them stood in a VERIFIED bundle.
    /// F-171: so did two forks that begin alike, each with its proof from there.</remarks>
    [Fact]
    public void Heads_of_different_sizes_are_of_one_log_or_it_is_said_that_nothing_proves_it()
    {
        using var truck = Truck("place");
        Assert.DoesNotContain(truck.Verify(truck.Content()).Notes, note => note.Key == "note.unlinked");
        foreach (var attack in ForkAttacks.All(truck))
        {
            var verdict = Verifier.Verify(attack.Bundle, truck.Policy);
            Assert.Equal((attack.Name, attack.Word == VerdictWord.Verified), (attack.Name, verdict.Notes.Any(note => note.Key == "note.unlinked")
                && verdict.Word == VerdictWord.Verified));
        }
    }

    [Fact]
    public void There_are_at_least_forty_and_each_has_its_own_name()
    {
        using var truck = Truck("place");
        using var stranger = Truck("place");
        var names = Attacks.All(truck, stranger).Select(attack => attack.Name).ToList();
        Assert.True(names.Count >= 40, $"{names.Count} attacks");
        Assert.Equal(names.Count, names.Distinct().Count());
    }

    /// <remarks>Among them F-70: a window that ends before the first batch; and F-170: revocations whose receipts are bent.</remarks>
    [Fact]
    public void Golden_bundles_keep_their_verdicts()
    {
        if (Environment.GetEnvironmentVariable(WriteSwitch) is { Length: > 0 } folder)
        {
            Write(folder);
        }

        var golden = Repository.At("Gateway.Tests", "Golden", "attacks"); // Not the copy beside the program: what was just written is read.
        var policy = VerifierPolicy.Parse(File.ReadAllBytes(Path.Combine(golden, "policy.json")));
        var index = JsonNode.Parse(File.ReadAllBytes(Path.Combine(golden, "index.json")))!.AsArray();
        Assert.True(index.Count >= 40);
        foreach (var row in index)
        {
            var name = row!["name"]!.GetValue<string>();
            var own = row["policy"] is { } file ? VerifierPolicy.Parse(File.ReadAllBytes(Path.Combine(golden, file.GetValue<string>()))) : policy;
            var verdict = Verifier.Verify(File.ReadAllBytes(Path.Combine(golden, name + ".coldproof.json")), own);
            Assert.Equal((name, row["word"]!.GetValue<string>(), row["fault"]!.GetValue<string>(), row["reason"]!.GetValue<string>()),
                (name, verdict.Word.ToString(), verdict.Fault.ToString(), Reason(verdict)));
            Assert.Equal((name, row["notes"]!.ToJsonString()), (name, Notes(verdict).ToJsonString()));
            Assert.Equal((name, row["page"]?.ToJsonString()), (name, Page(verdict)?.ToJsonString()));
        }
    }

    [Fact]
    public void Text_with_markup_stays_text()
    {
        using var truck = Truck("<script>alert(1)</script>");
        var verdict = truck.Verify(truck.Content());
        Assert.Equal(VerdictWord.Verified, verdict.Word);
        Assert.StartsWith("<script>", verdict.Channels[0].Probe.Place, StringComparison.Ordinal);
    }

    [Fact]
    public void Any_flipped_bit_of_any_field_changes_the_answer()
    {
        using var truck = Truck("place");
        var good = Attacks.Json(truck);
        var paths = new List<(string Field, Func<JsonNode, JsonNode> At)>();
        for (var i = 0; i < truck.Batches.Count; i++)
        {
            var position = i;
            paths.Add(("header", b => b["batches"]![position]!));
            paths.Add(("path", b => b["batches"]![position]!));
        }

        var survived = new List<string>();
        foreach (var (field, at) in paths)
        {
            var length = Attacks.Bytes(at(good)[field]).Length;
            for (var position = 0; position < length; position += 7)
            {
                var bent = good.DeepClone();
                Attacks.Flip(at(bent).AsObject(), field, position, (byte)(1 << (position % 8)));
                if (Verifier.Verify(Attacks.Utf8(bent), truck.Policy).Word == VerdictWord.Verified)
                {
                    survived.Add($"{field} byte {position}");
                }
            }
        }

        Assert.Empty(survived);
    }

    /// <summary>The reason's sentence without the technical rule behind it, which each language of programming words in its own way.</summary>
    private static string Reason(Verdict verdict) =>
        verdict.Checks.FirstOrDefault(check => check.State == CheckState.Failed)?.Finding?.Say("en") ?? "";

    /// <summary>What must be read beside the word.</summary>
    private static JsonArray Notes(Verdict verdict) => [.. verdict.Notes.Select(note => (JsonNode)note.Sentence)];

    /// <summary>What the releases of a bundle say about the golden page, word for word; null where it carries none.</summary>
    private static JsonObject? Page(Verdict verdict)
    {
        if (verdict.Releases.IsEmpty)
        {
            return null;
        }

        var answer = PageAnswer.Of(verdict.Releases, ReleaseAttacks.Page);
        return new()
        {
            ["sum"] = ReleaseAttacks.Page.ToString(),
            ["standing"] = answer.Standing.ToString(),
            ["says"] = answer.Say("en"),
            ["releases"] = new JsonArray([.. verdict.Releases.Select(release => (JsonNode)release.Finding.Fault.ToString())]),
        };
    }

    /// <summary>Six batches, two channels; one excursion, one failed reading, one declared power cut.</summary>
    internal static TestTruck Truck(string place)
    {
        var truck = new TestTruck(place: place);
        truck.Seal(4);
        truck.Seal(5);
        truck.Seal(3, (round, _) => round == 1 ? null : 4_200);
        truck.Seal(4);
        truck.Seal(4, null, null, truck.PowerCut(2 * 3_600_000));
        truck.Seal(4, (round, _) => round >= 2 ? 9_100 : 4_700);
        return truck;
    }

    private static void Write(string folder)
    {
        using var truck = Truck("rear, <b>top</b>");
        using var stranger = Truck("elsewhere");
        Directory.CreateDirectory(folder);
        File.WriteAllBytes(Path.Combine(folder, "policy.json"), truck.Policy.ToJson());
        var index = new JsonArray();
        foreach (var attack in Attacks.All(truck, stranger))
        {
            File.WriteAllBytes(Path.Combine(folder, attack.Name + ".coldproof.json"), attack.Bundle);
            var row = new JsonObject
            {
                ["name"] = attack.Name,
                ["word"] = attack.Word.ToString(),
                ["fault"] = attack.Fault.ToString(),
                ["reason"] = Reason(Verifier.Verify(attack.Bundle, attack.Policy ?? truck.Policy)),
                ["notes"] = Notes(Verifier.Verify(attack.Bundle, attack.Policy ?? truck.Policy)),
            };
            if (Page(Verifier.Verify(attack.Bundle, attack.Policy ?? truck.Policy)) is { } page)
            {
                row["page"] = page;
            }

            if (attack.Policy is { } own)
            {
                row["policy"] = attack.Name + ".policy.json";
                File.WriteAllBytes(Path.Combine(folder, attack.Name + ".policy.json"), own.ToJson());
            }

            index.Add(row);
        }

        File.WriteAllText(Path.Combine(folder, "index.json"), index.ToJsonString(new JsonSerializerOptions { WriteIndented = true })
            + "\n");
    }
}
