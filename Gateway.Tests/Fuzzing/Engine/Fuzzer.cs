using System.Text.RegularExpressions;
using Gateway.Tests.Simulation;

namespace Gateway.Tests.Fuzzing;

/// <summary>Tries one target with bent inputs. What gives a new answer is bent further, so the answers themselves lead into the reader.</summary>
public sealed partial class Fuzzer
{
    private const int CorpusMax = 2_048, CorpusLengthMax = 64 * 1024, FindingsMax = 20;
    private readonly FuzzTarget target;
    private readonly Dice dice;
    private readonly Mutator mutator;
    private readonly List<byte[]> corpus;
    private readonly HashSet<string> answers = new(StringComparer.Ordinal);
    private readonly List<FuzzFinding> findings = [];
    private readonly HashSet<string> found = new(StringComparer.Ordinal);

    /// <param name="target">What is tried.</param>
    /// <param name="seed">Of all chance.</param>
    /// <param name="kept">Earlier findings: tried as they are, first, and bent like the others.</param>
    public Fuzzer(FuzzTarget target, ulong seed, IEnumerable<byte[]> kept)
    {
        this.target = target;
        dice = new(seed);
        mutator = new(dice.Fork());
        corpus = [.. target.Corpus, .. kept];
        foreach (var input in corpus.ToArray())
        {
            Try(input); // Also warms up what is allocated once.
        }

        (Worst, Longest) = ((0, 0), TimeSpan.Zero);
    }

    public long Tried { get; private set; }

    public long Accepted { get; private set; }

    /// <summary>How many different answers there were: refusals by the form of their sentence, and acceptance.</summary>
    public int Answers => answers.Count;

    /// <summary>Bytes allocated by the try that came nearest to its bound, and that bound.</summary>
    public (long Allocated, long Bound) Worst { get; private set; }

    /// <summary>Longest time of one try, for people: a hang shows here, and nothing asserts it.</summary>
    public TimeSpan Longest { get; private set; }

    public IReadOnlyList<FuzzFinding> Findings => findings;

    /// <summary>One more try.</summary>
    public void Step()
    {
        if (target.Make is { } make && dice.OnceIn(8))
        {
            Keep(make(dice));
        }

        var from = corpus[(int)dice.Between(0, corpus.Count - 1)];
        Try(target.Dress(mutator.Mutate(from, corpus)));
    }

    private void Try(byte[] input)
    {
        Tried++;
        var start = TimeProvider.System.GetTimestamp();
        var before = GC.GetAllocatedBytesForCurrentThread();
        string answer;
        try
        {
            answer = target.Try(input) ? "accepted" : "refused";
            Accepted += answer == "accepted" ? 1 : 0;
        }
        catch (Exception fault) when (target.Documented.Any(type => type.IsInstanceOfType(fault)))
        {
            answer = Shape().Replace(fault.Message, "#");
        }
        catch (Exception fault) when (Found(input, $"{fault.GetType().Name}: {fault.Message} {fault.StackTrace}"))
        {
            return;
        }

        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        var took = TimeProvider.System.GetElapsedTime(start);
        Longest = took > Longest ? took : Longest;
        var bound = target.AllocatedMin + ((long)input.Length * target.AllocatedPerByte);
        if (!target.IsUncounted && allocated * Math.Max(1, Worst.Bound) > Worst.Allocated * bound)
        {
            Worst = (allocated, bound);
        }

        if (!target.IsUncounted && allocated > bound && Tried > target.Corpus.Count)
        {
            Found(input, $"Allocates {allocated} bytes for {input.Length}; at most {bound} are allowed.");
        }

        if (answers.Count < CorpusMax && answers.Add(answer.Length <= 160 ? answer : answer[..160]))
        {
            Keep(input);
        }
    }

    private void Keep(byte[] input)
    {
        if (input.Length > CorpusLengthMax)
        {
            return;
        }

        if (corpus.Count < CorpusMax)
        {
            corpus.Add(input);
        }
        else
        {
            corpus[(int)dice.Between(target.Corpus.Count, corpus.Count - 1)] = input;
        }
    }

    private bool Found(byte[] input, string what)
    {
        var line = what.ReplaceLineEndings(" ");
        if (findings.Count < FindingsMax && found.Add(Shape().Replace(line.Length <= 200 ? line : line[..200], "#")))
        {
            findings.Add(new(target.Name, input, line));
        }

        return true;
    }

    /// <summary>What differs from one input to the next in one sentence: numbers, hexadecimal, what is quoted.</summary>
    [GeneratedRegex("\"[^\"]*\"|'[^']*'|[0-9a-f]{6,}…?|[-+]?[0-9][0-9,.]*")]
    private static partial Regex Shape();
}
