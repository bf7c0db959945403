using System.Text.Json;
using Evidence;
using Gateway.Tests.Evidence;
using Gateway.Tests.Simulation;

namespace Gateway.Tests.Fuzzing;

/// <summary>Bundles with the answer of the C# verifier, a JSON object a line, for the other verifier to be held to.</summary>
/// <remarks>
/// <code>{"policy": base64}                                                the policy of the lines that follow
/// {"reader": base64, "reads": "yes"}                                 a bent policy, and whether it is one
/// {"bundle": base64, "word": "Changed", "fault": "RootMismatch", "answers": "0:OutOfRange:…"}</code>
/// </remarks>
public static class Differential
{
    private const int BundlesATrip = 40, ReadersATrip = 10;

    public static void Write(TextWriter writer, ulong seed, long count)
    {
        var dice = new Dice(seed);
        var mutator = new Mutator(dice.Fork());
        using (var truck = FuzzTargets.MakeTruck())
        {
            Policy(writer, truck.Policy);
            Line(writer, BundleMaker.Bomb(truck), truck.Policy);
        }

        while (count > 0)
        {
            using var truck = BundleMaker.Trip(dice);
            var policy = truck.Policy;
            Policy(writer, policy);
            Readers(writer, policy.ToJson(), mutator);
            List<byte[]> made = [];
            for (var left = Math.Min(BundlesATrip, count); left > 0; left--, count--)
            {
                if (made.Count == 0 || !dice.OnceIn(3))
                {
                    made.Add(BundleMaker.Make(truck, dice));
                    Line(writer, made[^1], policy);
                }
                else
                {
                    Line(writer, mutator.Mutate(dice.Of<byte[]>([.. made]), made), policy);
                }
            }
        }
    }

    private static void Policy(TextWriter writer, VerifierPolicy policy) =>
        writer.WriteLine(JsonSerializer.Serialize(new Dictionary<string, string> { ["policy"] = Convert.ToBase64String(policy.ToJson()) }));

    private static void Readers(TextWriter writer, byte[] policy, Mutator mutator)
    {
        for (var left = ReadersATrip; left > 0; left--)
        {
            var bent = mutator.Mutate(policy, [policy]);
            var reads = "yes";
            try
            {
                VerifierPolicy.Parse(bent);
            }
            catch (MalformedEvidenceException)
            {
                reads = "no";
            }

            writer.WriteLine(JsonSerializer.Serialize(new Dictionary<string, string> { ["reader"] = Convert.ToBase64String(bent), ["reads"] = reads }));
        }
    }

    /// <summary>What both verifiers must agree on: the word, the rule, and per channel every interval and how many readings.</summary>
    private static void Line(TextWriter writer, byte[] bundle, VerifierPolicy policy)
    {
        var verdict = Verifier.Verify(bundle, policy);
        var answers = string.Join(';', verdict.Channels.Select(channel => $"{channel.Channel.Value}:{channel.Answer}:{channel.Readings.Length}:"
            + string.Join(',', channel.Intervals.Select(interval =>
                $"{interval.FromMs}-{interval.ToMs} {interval.Answer} {interval.Min?.Value} {interval.Max?.Value} {interval.Readings}"))));
        writer.WriteLine(JsonSerializer.Serialize(new Dictionary<string, string>
        {
            ["bundle"] = Convert.ToBase64String(bundle),
            ["word"] = verdict.Word.ToString(),
            ["fault"] = verdict.Fault.ToString(),
            ["answers"] = answers,
            ["brackets"] = string.Join(';', verdict.Brackets.Select(bracket =>
                $"{bracket.FirstNumber}-{bracket.LastNumber} {bracket.NotBeforeMs} {bracket.NotAfterMs}")),
        }));
    }
}
