using Evidence;

namespace Gateway.Tests.Evidence;

/// <summary>Records that are strange as a whole: other trucks of the same gateway, under the same keys, with a log of their own.</summary>
internal static class EdgeRecords
{
    public static IEnumerable<Attack> All(TestTruck truck)
    {
        // F-130: no reading at all is "no data", and only the level of headers is "not disclosed".
        foreach (var level in Enum.GetValues<DisclosureLevel>())
        {
            yield return Of(truck, $"nothing-recorded-at-the-level-of-{Bundle.LevelName(level)}", VerdictWord.Verified, Fault.None, other =>
            {
                other.Seal(0);
                other.Seal(0);
            }, level);
        }

        // The gateway itself signs numbers that it has given before: every hash and signature holds.
        yield return Of(truck, "gateway-numbers-readings-twice", VerdictWord.Changed, Fault.SequenceRepeated, other =>
        {
            other.Seal(5);
            other.NextSequence[0] -= 2;
            other.Seal(5);
        });

        // A reader who asks for no cosigner at all, not even the log's own clock: the record is logged, and nobody says when.
        yield return new("policy-that-asks-nobody-for-the-time", truck.Bundle(), VerdictWord.TimeNotProven, Fault.TimeUnattested)
        {
            Policy = new(truck.Policy.Authorities, $"log {truck.LogKey.Verifier}\nquorum none\n", truck.Policy.DelayMaxMs, truck.Policy.BracketMaxMs),
        };
    }

    private static Attack Of(TestTruck truck, string name, VerdictWord word, Fault fault, Action<TestTruck> drive,
        DisclosureLevel level = DisclosureLevel.Readings)
    {
        using var other = new TestTruck(like: truck);
        drive(other);
        return new(name, other.Bundle(level), word, fault);
    }
}
