using System.Security.Cryptography;
using System.Text;
using Evidence;
using Evidence.Log;
using Question = Gateway.Tests.Evidence.GoPeer.Question;

namespace Gateway.Tests.Evidence;

/// <summary>Goal: golang.org/x/mod/sumdb agrees with every note, proof and tile of ours and refuses them when changed, and we do so with
/// its.</summary>
public sealed class GoPeerTests(GoPeer go) : IClassFixture<GoPeer>
{
    private const string InvalidSignature = "invalid signature for key";

    private static readonly byte[] Seed = SHA256.HashData("a key that Go made"u8);

    [Fact]
    public void A_key_that_Go_made_is_the_key_we_make_from_the_same_seed_and_reads_back()
    {
        var keys = go.Ask(new("keygen") { Name = "go.example/log", Seed = Seed }).Keys!;
        using var ours = NoteSigner.FromSeed("go.example/log", SignatureType.Ed25519, Seed);
        Assert.Equal([ours.ToPrivateKeyText(), ours.Verifier.ToString()], keys);
        using var parsed = NoteSigner.Parse(keys[0]);
        Assert.Equal(keys[1], NoteVerifier.Parse(keys[1]).ToString());
        Assert.Equal(keys[1], parsed.Verifier.ToString());
    }

    [Fact]
    public void Go_opens_our_checkpoint_with_all_its_cosignatures_and_refuses_every_changed_character()
    {
        using var witness = LogKeys.Witness(1);
        var log = MemoryLog.Of(300);
        var note = LogKeys.Clock.Cosign(witness.Cosign(LogKeys.CheckpointOf(log), LogKeys.Noon), LogKeys.Noon + 1).ToString();
        string[] keys = [LogKeys.Log.Verifier.ToString(), witness.Verifier.ToString(), LogKeys.Clock.Verifier.ToString()];
        var opened = go.Ask(new("open") { Note = note, Keys = keys });
        Assert.Equal("", opened.Error);
        Assert.Equal([LogKeys.Origin, "witness1.example/w", LogKeys.Origin + "/clock"], opened.Signers!);
        for (var i = 0; i < note.IndexOf("\n\n", StringComparison.Ordinal); i++)
        {
            var changed = $"{note[..i]}{(note[i] == 'x' ? 'y' : 'x')}{note[(i + 1)..]}";
            Assert.StartsWith(InvalidSignature, go.Ask(new("open") { Note = changed, Keys = keys }).Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void We_open_a_note_that_Go_signed_and_a_cosignature_that_Go_made_and_refuse_them_changed()
    {
        var keys = go.Ask(new("keygen") { Name = "go.example/log", Seed = Seed }).Keys!;
        var text = new Checkpoint("go.example/log", 1, TreeOracle.Leaf(0)).ToText();
        var signed = go.Ask(new("sign") { Text = text, Key = keys[0] }).Text;
        var cosigned = go.Ask(
            new("cosign") { Note = signed, Keys = [keys[1]], Name = "go.example/w", Seed = Seed, Seconds = LogKeys.Noon }).Text;
        using var cosigner = NoteSigner.FromSeed("go.example/w", SignatureType.Cosignature, Seed);
        var key = NoteVerifier.Parse(keys[1]);
        var check = SignedNote.Parse(cosigned).Check([key, cosigner.Verifier]);
        Assert.Equal([new(key, null), new(cosigner.Verifier, LogKeys.Noon)], check.Verified);
        Assert.Equal(cosigned, cosigner.Cosign(SignedNote.Parse(signed), LogKeys.Noon).ToString()); // Ed25519 is deterministic.
        Assert.False(SignedNote.Parse(cosigned.Replace("\n1\n", "\n2\n", StringComparison.Ordinal)).Check([key, cosigner.Verifier]).Holds);
    }

    [Theory]
    [InlineData(1), InlineData(2), InlineData(3), InlineData(8), InlineData(100), InlineData(255), InlineData(256), InlineData(257),
        InlineData(777)]
    public void Roots_proofs_and_tiles_are_Gos_byte_for_byte(int size)
    {
        var log = LogOf(size);
        var (index, old) = (size * 2 / 3, (size + 1) / 2);
        var theirs = go.Ask(new("prove") { Entries = Entries(size), Index = index, Old = old });
        Assert.Equal("", theirs.Error);
        var prover = new LogProver(size, log.Read);
        Assert.Equal(theirs.Root, prover.Root().ToBytes());
        Assert.Equal(theirs.Inclusion!, Bytes(prover.Inclusion(index)));
        Assert.Equal(theirs.Consistency!, Bytes(prover.Consistency(old)));
        var tiles = LogTile.AllOf(size).ToList();
        Assert.All(tiles, tile => Assert.Equal(theirs.Tiles![tile.Path], log.Read(tile).ToArray()));
        Assert.Equal(tiles.Select(Place).Order(), theirs.Tiles!.Keys.Select(Place).Distinct().Order()); // Go lists every narrower tile too.
    }

    [Fact]
    public void Go_checks_every_proof_of_a_small_log_and_refuses_each_with_a_flipped_bit()
    {
        const int Size = 13;
        var log = LogOf(Size);
        var prover = new LogProver(Size, log.Read);
        var root = prover.Root().ToBytes();
        for (var i = 0; i < Size; i++)
        {
            var path = Bytes(prover.Inclusion(i));
            var question = new Question("checkInclusion") { Size = Size, Root = root, Index = i, Entry = Entry(i), Path = path };
            Assert.Equal("", go.Ask(question).Error);
            Assert.NotEqual("", go.Ask(question with { Entry = Entry(i + 1) }).Error);
            Assert.NotEqual("", go.Ask(question with { Path = Flip(path, i) }).Error);

            var proof = Bytes(prover.Consistency(i + 1));
            var oldRoot = new LogProver(i + 1, log.Read).Root().ToBytes();
            var consistency = new Question("checkConsistency") { Size = Size, Root = root, Old = i + 1, OldRoot = oldRoot, Path = proof };
            Assert.Equal("", go.Ask(consistency).Error);
            Assert.NotEqual("", go.Ask(consistency with { OldRoot = Flip([oldRoot], i)[0] }).Error);
            Assert.NotEqual("", go.Ask(consistency with { Path = proof.Length == 0 ? [root] : Flip(proof, i) }).Error);
        }
    }

    [Fact]
    public void Go_proves_an_entry_from_our_tiles_on_disk_and_refuses_a_tile_with_a_flipped_bit()
    {
        const int Size = 70_000;
        var log = LogOf(Size);
        var root = new LogProver(Size, log.Read).Root().ToBytes();
        foreach (var tile in LogTile.AllOf(Size))
        {
            Write(tile, log.Read(tile).ToArray());
        }

        foreach (var index in new[] { 0, 256, 65_535, 65_536, 69_999 })
        {
            var question = new Question("tiles") { Dir = go.Workplace, Size = Size, Root = root, Index = index, Entry = Entry(index) };
            var answer = go.Ask(question);
            Assert.Equal("", answer.Error);
            Assert.Equal(answer.Inclusion!, Bytes(new LogProver(Size, log.Read).Inclusion(index)));
            Assert.NotEqual("", go.Ask(question with { Entry = Entry(index + 1) }).Error);

            var tile = LogTile.At(0, index / LogTile.FullWidth, Size);
            var sibling = (index ^ 1) % LogTile.FullWidth; // Go 1.19's library looks only at hashes that it needs.
            Write(tile, BatchTreeTests.Flip(log.Read(tile).ToArray(), sibling * Digest.Length * 8 + 77));
            Assert.NotEqual("", go.Ask(question).Error);
            Write(tile, log.Read(tile).ToArray());
        }
    }

    [Fact]
    public void Go_accepts_our_receipt_for_its_entry_and_refuses_it_for_another_or_changed()
    {
        using var witness = LogKeys.Witness(1);
        var log = LogOf(300);
        var note = witness.Cosign(LogKeys.CheckpointOf(log), LogKeys.Noon);
        var receipt = new TlogProof(77, new LogProver(300, log.Read).Inclusion(77), note) { Extra = [9] }.ToString();
        var question = new Question("receipt")
        {
            Text = receipt,
            Entry = Entry(77),
            Keys = [LogKeys.Log.Verifier.ToString(), witness.Verifier.ToString()],
        };
        Assert.Equal("", go.Ask(question).Error);
        Assert.NotEqual("", go.Ask(question with { Entry = Entry(78) }).Error);
        Assert.NotEqual("", go.Ask(question with { Text = receipt.Replace("index 77", "index 76", StringComparison.Ordinal) }).Error);
        var invalid = go.Ask(question with { Text = receipt.Replace("\n300\n", "\n301\n", StringComparison.Ordinal) }).Error;
        Assert.StartsWith(InvalidSignature, invalid, StringComparison.Ordinal);
        var stripped = new TlogProof(77, new LogProver(300, log.Read).Inclusion(77), LogKeys.CheckpointOf(log)).ToString();
        Assert.Equal("1 of 2 keys signed", go.Ask(question with { Text = stripped }).Error);
    }

    private static byte[] Entry(int index) => Encoding.UTF8.GetBytes($"entry {index}");

    private static byte[][] Entries(int count) => [.. Enumerable.Range(0, count).Select(Entry)];

    private static MemoryLog LogOf(int size)
    {
        var log = new MemoryLog();
        log.Append([.. Entries(size).Select(entry => LogTree.LeafHash(entry))]);
        return log;
    }

    private static string Place(LogTile tile) => Place(tile.Path);

    private static string Place(string path) => path.Split(".p/")[0];

    private static byte[][] Bytes(IEnumerable<Digest> path) => [.. path.Select(hash => hash.ToBytes())];

    private static byte[][] Flip(byte[][] path, int bit) => [.. path[..^1], BatchTreeTests.Flip(path[^1], bit)];

    private void Write(LogTile tile, byte[] bytes)
    {
        var file = Path.Combine(go.Workplace, tile.Path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllBytes(file, bytes);
    }
}
