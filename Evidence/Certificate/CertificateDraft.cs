using Evidence.Log;

namespace Evidence;

/// <summary>Takes a certificate's claims from a record that the issuer has verified itself.</summary>
public static class CertificateDraft
{
    /// <summary>The claims for a bundle.</summary>
    /// <param name="bundle">The bundle's bytes.</param>
    /// <param name="policy">The issuer's own: what it does not verify, it does not certify.</param>
    /// <param name="issuedMs">Now, wall milliseconds.</param>
    /// <param name="validMs">How long the certificate holds from then on.</param>
    /// <param name="shipment">A GS1 element string, or null.</param>
    /// <exception cref="MalformedEvidenceException">The record is not one that can be certified; the message says why.</exception>
    public static Certificate Of(ReadOnlyMemory<byte> bundle, VerifierPolicy policy, long issuedMs, long validMs, string? shipment)
    {
        var verdict = Verifier.Verify(bundle, policy);
        if (verdict.Word is not (VerdictWord.Verified or VerdictWord.TimeNotProven))
        {
            throw new MalformedEvidenceException($"Only a record that is VERIFIED, or whole with its TIME NOT PROVEN, is certified; this one "
                + $"is {verdict.Headline}. {verdict.Reason}");
        }

        var shown = Bundle.Parse(bundle).Batches[^1];
        if (shown.Receipt is null)
        {
            throw new MalformedEvidenceException("The last batch of the record has no receipt of the log yet; certify it when it has.");
        }

        var header = BatchHeader.Decode(Statement.Decode(shown.Header.AsMemory()).Payload);
        var checkpoint = Checkpoint.Parse(TlogProof.Parse(shown.Receipt).Note.Text);
        return new(verdict.Gateway!.Value, verdict.FromMs, verdict.ToMs, verdict.Word, verdict.Traits, verdict.LastNumber,
            [.. header.Root.ToBytes().AsSpan(0, Certificate.RootLength)], new(checkpoint.Origin, checkpoint.Size, checkpoint.Root),
            verdict.Witnesses, [.. verdict.Channels.Select(Claim)], issuedMs, issuedMs + validMs, shipment);
    }

    private static ChannelClaim Claim(ChannelVerdict channel)
    {
        var known = channel.Intervals.Where(interval => interval.Answer != Answer.NoData).ToList();
        var gaps = channel.Intervals.Where(interval => interval.Answer == Answer.NoData).ToList();
        var outside = known.Where(interval => interval.Answer == Answer.OutOfRange).ToList();
        return new(channel.Channel, channel.Probe.Place, channel.Probe.Low, channel.Probe.High, known.Min(interval => interval.Min),
            known.Max(interval => interval.Max), known.Sum(interval => (long)interval.Readings),
            outside.Count == 0 ? 0 : Math.Max(1, Minutes(outside)), gaps.Count, Minutes(gaps));
    }

    /// <summary>Begun minutes count whole: a claim may be too cautious by one a span, never too kind.</summary>
    private static long Minutes(List<Interval> spans) => spans.Sum(span => (span.ToMs - span.FromMs + 59_999) / 60_000);
}
