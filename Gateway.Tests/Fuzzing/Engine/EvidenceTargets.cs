using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Evidence;
using Evidence.Log;
using Gateway.Tests.Evidence;
using Gateway.Tests.Simulation;

namespace Gateway.Tests.Fuzzing;

/// <summary>Every reader of `Evidence/`: what a stranger, a ledger or a gateway gets from somebody whom it need not trust.</summary>
public static class EvidenceTargets
{
    private static readonly ImmutableArray<byte> Salt = [.. Enumerable.Range(0, 16).Select(i => (byte)i)];

    public static IEnumerable<FuzzTarget> All(TestTruck truck) => [.. OfBatches(truck), .. OfTrees(), .. OfTheLog(truck), .. OfProofs(truck), .. OfReleases(truck), .. OfTheWire(truck)];

    private static IEnumerable<FuzzTarget> OfBatches(TestTruck truck)
    {
        var batch = truck.Batches[1];
        yield return new("leaf", [.. Leaves()], input => FuzzFindingException.Same(input, Leaf.Decode(input).Encode()));
        yield return new("event detail", [[.. EventDetail.Gap(TestTruck.StartMs, TestTruck.StartMs + 5, GapCause.Late)],
            [.. EventDetail.ClockStep(TestTruck.StartMs, TestTruck.StartMs + 5, ClockTrust.Ntp)], [.. EventDetail.Note("door.open", "rear door")]],
            input =>
            {
                var detail = ImmutableArray.Create(input);
                return EventDetail.ReadGap(detail) is { } gap ? FuzzFindingException.Same(input, EventDetail.Gap(gap.FromMs, gap.ToMs, gap.Cause).AsSpan())
                    : EventDetail.ReadClockStep(detail) is { } step
                        ? FuzzFindingException.Same(input, EventDetail.ClockStep(step.BeforeMs, step.AfterMs, step.Source).AsSpan())
                    : EventDetail.ReadNote(detail) is { } note && FuzzFindingException.Same(input, EventDetail.Note(note.Code, note.Text).AsSpan());
            })
        { AllocatedMin = 96 * 1024 };
        yield return new("batch header", [batch.Header.Encode()], input => FuzzFindingException.Same(input, BatchHeader.Decode(input).Encode()));
        yield return new("opening", [.. truck.Manifest.Channels.Select(channel => channel.Open())],
            input => FuzzFindingException.Same(input, ManifestChannel.Decode(input).Open()));
        yield return new("manifest", [truck.Manifest.Encode()], input => FuzzFindingException.Same(input, Manifest.Decode(input).Encode()));
        yield return new("revocation", [new Revocation(truck.Manifest.Key.IdHex, 7, "stolen").Encode()],
            input => FuzzFindingException.Same(input, Revocation.Decode(input).Encode()));
        yield return new("statement", [[.. batch.Statement.Bytes], [.. truck.SignedManifest.Bytes]], input =>
        {
            var statement = Statement.Decode(input);
            _ = statement.VerifiedBy(truck.Manifest.Key);
            return FuzzFindingException.Same(input, statement.Bytes.AsSpan());
        })
        { AllocatedMin = 128 * 1024, AllocatedPerByte = 512 }; // Nesting in the unprotected header is skipped level by level; 4 KiB bound it.
        // A run of equal values is two bytes for 65,536 readings: bounded by the batch's limit, not by the input.
        yield return new("column", [.. Columns(truck)], input => FuzzFindingException.Same(input, DisclosedColumn.Decode(input).Encode()))
        { AllocatedMin = 6 * 1024 * 1024, AllocatedPerByte = 64 };
        yield return new("batch body", [.. truck.Batches.Select(item => item.Body.Encode())],
            input => FuzzFindingException.Same(input, BatchBody.Decode(input).Encode()))
        { AllocatedMin = 6 * 1024 * 1024, AllocatedPerByte = 128 };
    }

    private static IEnumerable<FuzzTarget> OfTrees()
    {
        Digest[] leaves = [.. Enumerable.Range(0, 37).Select(i => BatchTree.LeafHash(Encoding.ASCII.GetBytes($"fuzz leaf {i} padded to thirty-two bytes")))];
        int[] shown = [0, 1, 7, 36];
        yield return new("partial tree", [[37, 0, .. PartialTree.Build(leaves, shown)], [37, 0, .. PartialTree.Build(leaves, [5])]], input =>
        {
            if (input.Length < 2)
            {
                return false;
            }

            var check = PartialTree.Verify(input.AsSpan(2), BinaryPrimitives.ReadUInt16LittleEndian(input));
            return !check.IsWellFormed ? false
                : check.Leaves.Length > 0 ? true : throw new FuzzFindingException("A tree that shows nothing is well-formed.");
        });
        byte[] known = [.. shown.SelectMany(i => new byte[] { (byte)i, 0 }.Concat(leaves[i].ToBytes()))];
        yield return new("sibling path", [[37, 0, (byte)shown.Length, .. known, .. SiblingPath.Build(leaves, shown)]], input =>
        {
            var count = input.Length < 3 ? 0 : input[2];
            if (input.Length < 3 + (count * 34))
            {
                return false;
            }

            var places = Enumerable.Range(0, count).Select(i => new PlacedHash(BinaryPrimitives.ReadUInt16LittleEndian(input.AsSpan(3 + (34 * i))),
                Digest.FromBytes(input.AsSpan(5 + (34 * i), 32)))).ToArray();
            return SiblingPath.Verify(input.AsSpan(3 + (count * 34)), BinaryPrimitives.ReadUInt16LittleEndian(input), places).IsWellFormed;
        })
        { AllocatedPerByte = 64 };
    }

    private static IEnumerable<FuzzTarget> OfTheLog(TestTruck truck)
    {
        var proof = Encoding.UTF8.GetBytes(truck.ManifestReceipt);
        var last = Encoding.UTF8.GetBytes(truck.Batches[^1].Receipt!);
        var policy = truck.Policy;
        var note = TlogProof.Parse(last).Note;
        yield return new("signed note", [note.ToBytes()], input =>
        {
            var read = SignedNote.Parse(input);
            _ = read.Check(policy.Log.Logs.Select(log => log.Key));
            return FuzzFindingException.Same(input, read.ToBytes());
        })
        { AllocatedPerByte = 64 };
        yield return new("checkpoint", [Encoding.UTF8.GetBytes(note.Text)], input =>
            FuzzFindingException.Same(Text(input), Checkpoint.Parse(Text(input)).ToText()))
        { AllocatedPerByte = 128 };
        yield return new("tlog proof", [proof, last], input => FuzzFindingException.Same(input, TlogProof.Parse(input).ToBytes())) { AllocatedPerByte = 64 };
        // A link is read out of a receipt that holds: the receipt is the truck's own, the link is what is bent.
        var held = TlogProof.Parse(last);
        var leaf = LogTree.LeafHash(truck.Batches[^1].Statement.Bytes.AsSpan());
        var entry = new LogRange(held.Index, held.Index + 1, [leaf]);
        yield return new("link between heads", [new HeadLink(held.Checkpoint.Size, [], [], []).Encode(), new HeadLink(0, [], [], entry.Hashes).Encode(),
            new HeadLink(held.Index, [], [], []).Encode()], input =>
        {
            var read = HeadLink.Decode(input);
            _ = FuzzFindingException.Same(input, read.Encode());
            return read.Check(held, leaf, LogRange.Before(held)).Edge.Root() == held.Checkpoint.Root;
        })
        { AllocatedPerByte = 128, AllocatedMin = 96 * 1024 };
        yield return new("receipt", [proof, last], input =>
            Receipt.Check(Text(input), truck.Batches[^1].Statement.Bytes.AsSpan(), policy.Log).Holds)
        { AllocatedPerByte = 64, AllocatedMin = 96 * 1024 };
        yield return new("beacon", [note.ToBytes()], input => Receipt.BeaconTimeMs(Text(input), policy.Log) is not null)
        { AllocatedPerByte = 64, AllocatedMin = 96 * 1024 };
        yield return new("tlog policy", [Encoding.UTF8.GetBytes(policy.LogText)], input => TlogPolicy.Parse(input).Quorum.Length > 0)
        { AllocatedPerByte = 128, AllocatedMin = 96 * 1024 };
        yield return new("verifier key", [Encoding.UTF8.GetBytes(truck.LogKey.Verifier.ToString())],
            input => FuzzFindingException.Same(Text(input), NoteVerifier.Parse(Text(input)).ToString()))
        { AllocatedPerByte = 128 };
        yield return new("entry bundle", [[3, .. EntryBundle.Write(truck.Batches.Take(3).Select(item => item.Statement.Bytes.AsMemory()))]], input =>
            input.Length > 0 && input[0] > 0 && FuzzFindingException.Same(input.AsSpan(1), EntryBundle.Write(EntryBundle.Read(input.AsMemory(1), input[0]))))
        { AllocatedPerByte = 64 };
        yield return new("tile path", FuzzTarget.Texts("tile/0/x001/234.p/7", "tile/entries/000", "tile/8/001"),
            input => LogTile.TryParsePath(Text(input), out _, out _))
        { AllocatedPerByte = 64 };
    }

    private static IEnumerable<FuzzTarget> OfProofs(TestTruck truck)
    {
        var policy = truck.Policy;
        yield return new("bundle", [.. Enum.GetValues<DisclosureLevel>().Select(level => truck.Bundle(level))], input =>
        {
            var verdict = Verifier.Verify(input, policy);
            return verdict.Checks.Length == 8 && (verdict.Word == VerdictWord.Verified) == (verdict.Fault == Fault.None)
                ? verdict.Fault == Fault.None
                : throw new FuzzFindingException($"A verdict of {verdict.Checks.Length} checks says {verdict.Word} with {verdict.Fault}.");
        })
        { Make = dice => BundleMaker.Make(truck, dice), IsUncounted = true };
        yield return new("bundle's form", [truck.Bundle()], input => Bundle.Parse(input).Batches.Length > 0) { AllocatedPerByte = 96, AllocatedMin = 128 * 1024 };
        yield return new("verifier policy", [policy.ToJson()], input =>
        {
            var written = VerifierPolicy.Parse(input).ToJson();
            return FuzzFindingException.Same(written, VerifierPolicy.Parse(written).ToJson());
        })
        { AllocatedPerByte = 128, AllocatedMin = 192 * 1024 };
    }

    private static IEnumerable<FuzzTarget> OfReleases(TestTruck truck)
    {
        var policy = truck.Policy;
        var release = new SoftwareRelease(SoftwareRelease.PageName, "0.1.0", Digest.Of([1]), TestTruck.StartMs);
        var signed = release.Sign("test", truck.AuthorityKey);
        var receipt = truck.Log(signed, TestTruck.StartMs);
        var file = ReleaseFile.Write(signed.Bytes.AsSpan(), receipt);
        yield return new("software release", [release.Encode()], input => FuzzFindingException.Same(input, SoftwareRelease.Decode(input).Encode()));
        var back = new ReleaseWithdrawal(release.Name, release.Version, release.Sum, "Shows a gap as in range.", TestTruck.StartMs);
        yield return new("withdrawal", [back.Encode()], input => FuzzFindingException.Same(input, ReleaseWithdrawal.Decode(input).Encode()));
        yield return new("release file", [file, ReleaseFile.Write(signed.Bytes.AsSpan(), null)], input =>
        {
            var read = ReleaseFile.Parse(input);
            var again = ReleaseFile.Parse(ReleaseFile.Write(read.Bytes.AsSpan(), read.Receipt));
            return FuzzFindingException.Same(read.Bytes.AsSpan(), again.Bytes.AsSpan()) && FuzzFindingException.Same(read.Receipt ?? "", again.Receipt ?? "")
                && ReleaseCheck.Check(read, policy).Holds;
        })
        { AllocatedPerByte = 128, AllocatedMin = 192 * 1024 };
        static string Block(string name) => $"<script type=\"application/json\" id=\"coldproof-{name}\"></script>\n";
        var empty = Block("bundle") + Block("policy") + Block("context");
        var filled = empty.Replace("context\">", $"context\">{{\"releases\":[{Encoding.UTF8.GetString(file)}]}}", StringComparison.Ordinal);
        var sum = SavedPage.Read(Encoding.UTF8.GetBytes(empty))!.Sum;
        yield return new("saved page", FuzzTarget.Texts(empty, filled), input => SavedPage.Read(input) is { } page
            ? page.Releases.All(found => ReleaseCheck.Check(found, policy).Finding is not null) && page.Sum == sum
            : false)
        { AllocatedPerByte = 128, AllocatedMin = 192 * 1024 };
    }

    private static IEnumerable<FuzzTarget> OfTheWire(TestTruck truck)
    {
        var batch = truck.Batches[1];
        var body = ImmutableArray.Create(batch.Body.Encode());
        // A body may unpack to 4 MiB whatever its packed length; that bound is checked while it unpacks.
        yield return new("uplink", [new Uplink(batch.Statement.Bytes, body).Encode(),
            new Uplink(truck.SignedManifest.Bytes, truck.SignedManifest.Openings).Encode()], input =>
        {
            var read = Uplink.Decode(input);
            var again = Uplink.Decode(read.Encode());
            return (read.Body is null) == (again.Body is null) && FuzzFindingException.Same(read.Statement.AsSpan(), again.Statement.AsSpan())
                && FuzzFindingException.Same((read.Body ?? []).AsSpan(), (again.Body ?? []).AsSpan());
        })
        { AllocatedMin = 16 * 1024 * 1024, AllocatedPerByte = 64 };
        yield return new("downlink", [new Downlink(batch.Statement.PayloadDigest, batch.Receipt, null, "").Encode(),
            new Downlink(batch.Statement.PayloadDigest, null, Refusal.NumberNotNext, "batch 4 comes next").Encode()],
            input => FuzzFindingException.Same(input, Downlink.Decode(input).Encode()));
        yield return new("topic", FuzzTarget.Texts(Topics.Up(truck.Id), Topics.State(truck.Id)),
            input => Topics.GatewayOf(Text(input)) is not null)
        { AllocatedPerByte = 96 };
        yield return new("broker address", FuzzTarget.Texts("mqtts://broker.example:8883", "mqtt://127.0.0.1:1883"),
            input =>
            {
                var read = BrokerAddress.Parse(Text(input)); // A URI has many spellings; what it means is written in one.
                return BrokerAddress.Parse(read.ToString()) == read ? true : throw new FuzzFindingException($"{read} is not read as it is written.");
            })
        { AllocatedPerByte = 128 };
        using var tls = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = EnrolmentRequest.Create(truck.Id, truck.GatewayKey, tls,
            [new("rear, top", "S1", new(2_000), new(8_000), 60_000, default, null, Digest.Of([1]))], GatewayTraits.SoftwareKey);
        yield return new("enrolment request", [request.ToJson()], input =>
        {
            var read = EnrolmentRequest.Parse(input);
            var written = read.ToJson();
            return FuzzFindingException.Same(written, EnrolmentRequest.Parse(written).ToJson()) && read.CheckProofs() is not null;
        })
        { AllocatedPerByte = 128, AllocatedMin = 192 * 1024 };
        var enrolment = new Enrolment(truck.Id, truck.SignedManifest, Pem("client"), Pem("authority"), [.. truck.Policy.ToJson()], [new("broker.example", 8_883, true)]);
        yield return new("enrolment", [enrolment.ToJson()], input =>
        {
            var written = Enrolment.Parse(input).ToJson();
            return FuzzFindingException.Same(written, Enrolment.Parse(written).ToJson());
        })
        { AllocatedPerByte = 128, AllocatedMin = 192 * 1024 };
    }

    /// <summary>What has no text is read as the nearest text: those readers take a string.</summary>
    private static string Text(byte[] input) => Encoding.UTF8.GetString(input);

    private static string Pem(string name) => $"-----BEGIN CERTIFICATE-----\n{Convert.ToBase64String(Encoding.ASCII.GetBytes(name))}\n-----END CERTIFICATE-----\n";

    private static IEnumerable<byte[]> Leaves()
    {
        yield return new ReadingLeaf(Salt, new(2), 1_000, TestTruck.StartMs, new(4_601), Outcome.Measured).Encode();
        yield return new ReadingLeaf(Salt, new(2), 1_001, TestTruck.StartMs, null, Outcome.Timeout).Encode();
        yield return new EventLeaf(Salt, null, EventKind.Boot, TestTruck.StartMs, EventDetail.Gap(TestTruck.StartMs - 5, TestTruck.StartMs, GapCause.PowerLoss)).Encode();
        yield return new EventLeaf(Salt, new(1), EventKind.Door, TestTruck.StartMs, EventDetail.Note("door.open", "rear door")).Encode();
        yield return Convert.FromHexString("8a0150000102030405060708090a0b0c0d0e0f0004050a1b0000019b76daa8001b0000019b76de51803901f3191fa4");
        yield return Convert.FromHexString("8b0250000102030405060708090a0b0c0d0e0f00050a1b0000019b76daa8001b0000019b76de51801907d0191f400201");
    }

    private static IEnumerable<byte[]> Columns(TestTruck truck) => Bundle.Parse(truck.Bundle(DisclosureLevel.Readings, 0, 1)).Batches
        .SelectMany(batch => batch.Columns).Select(column => column.ToArray());
}
