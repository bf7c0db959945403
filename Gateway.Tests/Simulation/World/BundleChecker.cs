using System.Text.Json;
using Anchoring;
using Evidence;

namespace Gateway.Tests.Simulation;

/// <summary>One window of a year, as a stranger checks it with public keys only; and the same with single bits changed.</summary>
/// <param name="gateway">Whose windows.</param>
/// <param name="channels">How many channels it has.</param>
/// <param name="policy">The stranger's own.</param>
/// <param name="verify">The stranger's program.</param>
internal sealed class BundleChecker(GatewayId gateway, int channels, VerifierPolicy policy, Func<byte[], VerifierPolicy, Verdict> verify,
    RecordChecker checker, Dice dice)
{
    private const int FlipsInEvidence = 6;

    /// <summary>Fields whose every bit is signed, or hashed into what is signed.</summary>
    private static readonly string[] Evidence = ["header", "tree", "path", "columns", "leaves"];

    /// <summary>What joins two heads of the log is looked at when the record is whole.</summary>
    private const string Consistency = "consistency";

    /// <summary>Checks that everything on the card is what strangers have seen.</summary>
    public void CheckWhole(LogbookExtract extract)
    {
        foreach (var batch in extract.Batches)
        {
            checker.Kept(batch.Statement);
        }

        var given = extract.Batches.Select(batch => BatchHeader.Decode(batch.Statement.Payload).Number).ToHashSet();
        var expected = Enumerable.Range(0, (int)checker.Tally.Batches).Select(number => (long)number).Where(number => !checker.Missing.Contains(number));
        if (extract.Missing.Concat(expected).Where(number => !given.Contains(number) && !checker.Missing.Contains(number)).Distinct().ToList()
            is [var first, ..] missing)
        {
            checker.Violate($"Batch {first} is neither in the journal nor in the store, and {missing.Count - 1} others.");
        }
        else if (checker.Missing.Intersect(given) is { Count: > 0 } kept)
        {
            checker.Violate($"Batch {kept.Min()} was on no image that was put back, and the gateway gives it.");
        }
        else if (extract.Batches.Length != checker.Tally.Batches - checker.Missing.Count)
        {
            checker.Violate($"The gateway gives {extract.Batches.Length} batches of {checker.Tally.Batches} that were sent.");
        }
    }

    /// <summary>Checks one batch's window, whose rounds were taken by a clock that was right.</summary>
    public void Check(LogbookExtract extract, SoundWindow window)
    {
        if (extract.Missing.Length > 0)
        {
            checker.Violate($"Batch {extract.Missing[0]} is neither in the journal nor in the store.");
            return;
        }

        var bytes = BundleWriter.Write(new(gateway, [.. Enumerable.Range(0, channels).Select(i => new ChannelId((ushort)i))], window.FromMs,
            window.ToMs, DisclosureLevel.Readings, [.. extract.Manifests.Select(manifest => new BundleStatement(manifest.Statement,
            manifest.Receipt))], [.. extract.Batches.Select(batch => new BundleBatch(batch.Statement, batch.Body, batch.Receipt))],
            extract.Beacons, []));
        Check(bytes, window, extract.Batches.Length);
    }

    /// <summary>Checks a window's bundle, whoever made it.</summary>
    /// <param name="batches">How many batches it shows.</param>
    /// <param name="mayBeSetBack">A clock that was set back may have put other batches into it.</param>
    public void Check(byte[] bytes, SoundWindow window, int batches, bool mayBeSetBack = true)
    {
        var verdict = verify(bytes, policy);
        checker.Tally.Windows++;
        checker.Tally.WindowsVerified += verdict.Word == VerdictWord.Verified ? 1 : 0;
        // A ledger that was away for weeks makes the time unproven, and a clock set back afterwards puts other batches into the window.
        // Nothing may ever read as changed, as holed, or as nobody's.
        if (verdict.Word is not (VerdictWord.Verified or VerdictWord.TimeNotProven)
            && !(verdict.Word == VerdictWord.Incomplete && batches > 1 && mayBeSetBack))
        {
            checker.Violate($"A sound window reads {verdict.Word}: {verdict.Reason}");
            return;
        }

        Temperatures(verdict, window, isAlone: batches == 1);
        for (var i = 0; i <= FlipsInEvidence; i++)
        {
            Flip(bytes, verdict, isEvidence: i > 0);
        }
    }

    /// <param name="isAlone">No other batch is shown: a clock that was set back brings others into the same window, and these may be out of
    /// range.</param>
    private void Temperatures(Verdict verdict, SoundWindow window, bool isAlone)
    {
        foreach (var channel in verdict.Channels)
        {
            var limits = checker.Limits[channel.Channel.Value];
            var truths = window.Truths.Select(truth => truth.Channels[channel.Channel.Value].MilliCelsius).ToList();
            if (isAlone && channel.Answer == Answer.OutOfRange && truths.TrueForAll(limits.IsSurelyInside))
            {
                checker.Violate($"A window reads out of range on channel {channel.Channel}, and it never was.");
            }

            if (channel.Answer == Answer.InRange && truths.Exists(limits.IsSurelyBeyond))
            {
                checker.Violate($"A window reads in range on channel {channel.Channel}, and it was not.");
            }
        }
    }

    private void Flip(byte[] bytes, Verdict sound, bool isEvidence)
    {
        var at = isEvidence ? InEvidence(bytes, withProofs: sound.Word != VerdictWord.Incomplete) : (int)dice.Between(0, bytes.Length - 1);
        var flipped = (byte[])bytes.Clone();
        flipped[at] ^= (byte)(1 << (int)dice.Between(0, 7));
        var second = verify(flipped, policy); // Whatever the bit: an answer, never an exception.
        if (isEvidence && second.Word == sound.Word && second.Reason == sound.Reason)
        {
            checker.Violate($"One bit at byte {at} was changed and the window still reads {second.Word}: {second.Reason} "
                + $"There: {System.Text.Encoding.UTF8.GetString(bytes[Math.Max(0, at - 200)..Math.Min(at + 40, bytes.Length)])}");
        }
    }

    /// <summary>A byte of the text of one string that is evidence, each string as likely as the others.</summary>
    private int InEvidence(byte[] bytes, bool withProofs)
    {
        var isBetweenHeads = false;
        List<(int From, int Length)> strings = [];
        var reader = new Utf8JsonReader(bytes);
        var field = "";
        while (reader.Read())
        {
            if (reader.TokenType == JsonTokenType.PropertyName)
            {
                field = reader.GetString();
                isBetweenHeads = reader.CurrentDepth == 1 ? field == Consistency : isBetweenHeads;
            }
            else if (reader.TokenType == JsonTokenType.String && reader.ValueSpan.Length > 0 && Evidence.Contains(field) && (withProofs || !isBetweenHeads))
            {
                strings.Add(((int)reader.TokenStartIndex + 1, reader.ValueSpan.Length));
            }
        }

        var (from, length) = strings[(int)dice.Between(0, strings.Count - 1)];
        return from + (int)dice.Between(0, length - 1);
    }
}
