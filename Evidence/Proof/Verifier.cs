using System.Collections.Immutable;

namespace Evidence;

/// <summary>Answers whether a bundle is whole, unaltered, signed, logged, and from when; and, apart from that, what the temperature
/// did.</summary>
/// <remarks>
/// Pure: the bundle, the reader's policy, nothing else; no clock, no network. The checks run in a fixed order; after the first that
/// fails the
/// others say "not checked". "Signer unknown" is the exception it has to be: integrity was checked before, and holds.
/// </remarks>
public static class Verifier
{
    /// <summary>Verifies a bundle's bytes. Never throws for anything that stands in them.</summary>
    /// <param name="bundle">The file, as it was received.</param>
    /// <param name="policy">The reader's own.</param>
    public static Verdict Verify(ReadOnlyMemory<byte> bundle, VerifierPolicy policy)
    {
        Bundle parsed;
        try
        {
            parsed = Bundle.Parse(bundle);
        }
        catch (UnknownFormatException other)
        {
            return new Verification(null, policy).Refuse(Finding.Of(Fault.FormUnreadable, "version", other.Format, Bundle.Format));
        }
        catch (MalformedEvidenceException fault)
        {
            return new Verification(null, policy).Refuse(Finding.Of(Fault.FormUnreadable, "") with { Detail = fault.Message });
        }

        return new Verification(parsed, policy).Run();
    }
}

/// <summary>One run of the checks: what is known so far, and the lines written about it.</summary>
internal sealed class Verification(Bundle? parsed, VerifierPolicy policy)
{
    private static readonly string[] Names = ["form", "gateway", "readings", "chain", "complete", "authority", "logged", "time"];

    private readonly List<Check> checks = [];
    private readonly Dictionary<Digest, (Statement Statement, Manifest Manifest, ProvenProbes Probes)> manifests = [];
    private readonly List<VerdictNote> notes = [];
    private ImmutableArray<ProvenBatch> batches = [];
    private ImmutableArray<ChannelVerdict> channels = [];
    private ImmutableArray<Bracket> brackets = [];
    private LogRules? log;
    private string? authority;
    private long readings;
    private Finding first = Finding.None;

    private Bundle Bundle => parsed ?? throw new InvalidOperationException("There is no bundle to check.");

    public Verdict Refuse(Finding finding)
    {
        Step("form", "", () => finding);
        return Finish();
    }

    public Verdict Run()
    {
        Step("form", "The bundle has the form of a proof.", Decode);
        Step("gateway", "The gateway signed every batch.", Signatures);
        Step("readings", "What is shown hashes to the batch roots that the gateway signed.", Trees);
        Step("chain", "No batch is left out: numbers and previous hashes follow each other.", () => ChainRules.Check(batches));
        Step("complete", "No reading of the window is left out; every hole is declared.", Complete);
        Step("authority", "The gateway is enrolled by an authority that you trust.", Authority);
        Step("logged", "The last batch is in the log, and with it all before.", Logged);
        Step("time", "When the batches were sealed is bounded by others' clocks.", Time);
        return Finish();
    }

    private void Step(string name, string good, Func<Finding> check)
    {
        if (!first.IsNone)
        {
            checks.Add(new(name, CheckState.NotChecked, Fault.None, "Not checked, because an earlier check failed."));
            return;
        }

        var finding = check();
        first = finding;
        checks.Add(finding.IsNone ? new(name, CheckState.Ok, Fault.None, good)
            : new(name, CheckState.Failed, finding.Fault, finding.Sentence, finding));
    }

    private Finding Decode()
    {
        if (Bundle.Batches.IsEmpty)
        {
            return Finding.Of(Fault.FormBatch, "none");
        }

        foreach (var shown in Bundle.Manifests)
        {
            try
            {
                var statement = Statement.Decode(shown.Bytes.AsMemory());
                var (manifest, probes) = (Manifest.Decode(statement.Payload), new ProvenProbes());
                manifests[statement.PayloadDigest] = (statement, manifest, probes);
                var opened = probes.Check(statement.PayloadDigest, manifest, shown, Bundle.Channels);
                if (!opened.IsNone)
                {
                    return opened;
                }
            }
            catch (MalformedEvidenceException fault)
            {
                return Finding.Of(Fault.ManifestUnreadable, "") with { Detail = fault.Message };
            }
        }

        var proven = ImmutableArray.CreateBuilder<ProvenBatch>(Bundle.Batches.Length);
        for (var i = 0; i < Bundle.Batches.Length; i++)
        {
            var (batch, finding) = Decode(Bundle.Batches[i], i);
            if (batch is null)
            {
                return finding;
            }

            proven.Add(batch);
        }

        batches = proven.MoveToImmutable();
        return Finding.None;
    }

    private (ProvenBatch? Batch, Finding Finding) Decode(ShownBatch shown, int position)
    {
        var broken = Finding.Of(Fault.HeaderUnreadable, "", position);
        try
        {
            var statement = Statement.Decode(shown.Header.AsMemory());
            var header = BatchHeader.Decode(statement.Payload);
            if (!manifests.TryGetValue(header.Manifest, out var manifest))
            {
                return (null, Finding.Of(Fault.ManifestMissing, "", header.Number, header.Manifest.ToShortString()));
            }

            broken = Finding.Of(Fault.LeafUnreadable, "", header.Number);
            var leaves = shown.Leaves.Select(leaf => (leaf.Place, Leaf.Decode(leaf.Bytes.AsMemory()),
                BatchTree.LeafHash(leaf.Bytes.AsSpan()))).ToImmutableArray();
            broken = Finding.Of(Fault.ColumnUnreadable, "", header.Number);
            var columns = ImmutableArray.CreateBuilder<DisclosedColumn>(shown.Columns.Length);
            foreach (var bytes in shown.Columns)
            {
                columns.Add(DisclosedColumn.Decode(bytes.AsMemory()));
                readings += columns[^1].Samples.Length;
                if (readings > Evidence.Bundle.ReadingsMax)
                {
                    return (null, Finding.Of(Fault.FormBatch, "many", Evidence.Bundle.ReadingsMax, header.Number)); // F-98: before they are hashed.
                }
            }

            return (new(statement, header, manifest.Manifest, manifest.Probes, shown, leaves, columns.MoveToImmutable()), Finding.None);
        }
        catch (MalformedEvidenceException malformed)
        {
            return (null, broken with { Detail = malformed.Message });
        }
    }

    private Finding Signatures()
    {
        foreach (var (statement, manifest, _) in manifests.Values)
        {
            if (statement.Kind != StatementKind.Manifest || manifest.Gateway != Bundle.Gateway)
            {
                return Finding.Of(Fault.ManifestGateway, "", statement.PayloadDigest.ToShortString(), Bundle.Gateway);
            }
        }

        return FirstOf(batch =>
        {
            if (batch.Statement.Kind != StatementKind.Batch || batch.Header.Gateway != Bundle.Gateway
                || batch.Statement.Issuer != Statement.IssuerOf(Bundle.Gateway))
            {
                return Finding.Of(Fault.HeaderGateway, "", batch.Header.Number, Bundle.Gateway);
            }

            return batch.Statement.VerifiedBy(batch.Manifest.Key)
                ? Finding.None
                : Finding.Of(Fault.HeaderSignature, "", batch.Header.Number, batch.Manifest.Key.IdHex[..8]);
        });
    }

    private Finding Trees() => FirstOf(batch => TreeRules.Check(batch, Bundle.Channels));

    /// <summary>The first batch, in order, that breaks a rule. Batches do not depend on each other here, so all cores share them.</summary>
    private Finding FirstOf(Func<ProvenBatch, Finding> rule)
    {
        var findings = new Finding[batches.Length];
        Parallel.For(0, batches.Length, i => findings[i] = rule(batches[i]));
        return Array.Find(findings, finding => !finding.IsNone) ?? Finding.None;
    }

    private Finding Complete()
    {
        var window = ChainRules.Window(Bundle, batches);
        if (!window.IsNone)
        {
            return window;
        }

        var answers = ImmutableArray.CreateBuilder<ChannelVerdict>();
        foreach (var channel in Bundle.Channels)
        {
            var rules = new ChannelRules(channel, Bundle, batches);
            var finding = rules.Check();
            if (!finding.IsNone)
            {
                return finding;
            }

            answers.Add(rules.Answers());
        }

        channels = answers.ToImmutable();
        return Finding.None;
    }

    private Finding Authority()
    {
        foreach (var (statement, manifest, _) in manifests.Values)
        {
            if (policy.Find(statement.KeyId) is not { } trusted)
            {
                return Finding.Of(Fault.AuthorityUnknown, "", statement.Issuer, Convert.ToHexStringLower(statement.KeyId.AsSpan())[..8]);
            }

            if (!statement.VerifiedBy(trusted.Key))
            {
                return Finding.Of(Fault.ManifestSignature, "", statement.PayloadDigest.ToShortString(), trusted.Name);
            }

            authority = trusted.Name;
        }

        return Finding.None;
    }

    private Finding Logged()
    {
        log = new LogRules(Bundle, batches, policy);
        return log.Check();
    }

    private Finding Time()
    {
        (brackets, var finding) = log!.Brackets();
        return finding;
    }

    private Verdict Finish()
    {
        foreach (var name in Names.Skip(checks.Count))
        {
            checks.Add(new(name, CheckState.NotChecked, Fault.None, "Not checked, because an earlier check failed."));
        }

        var traits = manifests.Values.Aggregate(GatewayTraits.None, (all, manifest) => all | manifest.Manifest.Traits);
        Note(traits);
        return new(Words.For(first.Fault), first.Fault, first.Sentence, [.. checks], channels, brackets, parsed?.Gateway,
            parsed?.FromMs ?? 0, parsed?.ToMs ?? 0, parsed?.Level ?? DisclosureLevel.Headers, traits,
            [.. batches.Select(batch => batch.Manifest.Key.IdHex).Distinct()], authority,
            batches.IsEmpty ? 0 : batches[0].Header.Number, batches.IsEmpty ? 0 : batches[^1].Header.Number,
            log?.LastSize, log?.LastWitnesses ?? 0, [.. notes])
        {
            Releases = [.. (parsed?.Releases ?? []).Select(release => ReleaseCheck.Check(release, policy))],
        };
    }

    private void Note(GatewayTraits traits)
    {
        if (traits.HasFlag(GatewayTraits.EmulatedProbes))
        {
            notes.Add(new("note.emulated", []));
        }

        if (traits.HasFlag(GatewayTraits.SoftwareKey))
        {
            notes.Add(new("note.softwareKey", []));
        }

        if (log is { LastSize: not null, LastWitnesses: 0 })
        {
            notes.Add(new("note.noWitness", []));
        }

        if (first.Fault != Fault.LogForked && log is { Heads: { Unlinked: > 0 } shown })
        {
            notes.Add(new("note.unlinked", [$"{shown.Count}", $"{shown.Unlinked}"]));
        }

        notes.AddRange(log?.Revocations ?? []);
        foreach (var channel in channels)
        {
            var probe = channel.Probe;
            if (probe.CertificateExpiryMs is null || probe.CertificateExpiryMs < Bundle.ToMs)
            {
                notes.Add(probe.CertificateExpiryMs is { } expiry
                    ? new("note.certificateExpired", [probe.Serial, Times.Utc(expiry)])
                    : new("note.noCertificate", [probe.Serial]));
            }
        }
    }
}
