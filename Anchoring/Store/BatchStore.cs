using System.Globalization;
using Evidence;
using LiteDB;
using LiteDB.Engine;

namespace Anchoring;

/// <summary>Anchored batches, one packed document each, in one LiteDB file a month. The only file that names LiteDB.</summary>
/// <remarks>
/// LiteDB 5.0.20 is durable only with one writer, write-through streams and a checkpoint at each commit, its pages carry no check sum, and
/// an
/// instance that met a full disk is unusable: so a file is opened for one piece of work and closed again, every document carries its own
/// hash, what was written is read back before <see cref="Put"/> returns, and a file that does not open is moved aside and kept
/// (docs/decisions/0036). Used by one thread at a time.
/// </remarks>
/// <param name="folder">Where the files are.</param>
/// <param name="broke">Told of every file that was put aside.</param>
public sealed class BatchStore(IFolder folder, Action<StoreBreak> broke)
{
    private const string Batches = "batches";
    private const string Prefix = "batches-";
    private const string Suffix = ".litedb";
    private const string LogSuffix = ".litedb-log";
    private const string BrokenMark = ".broken-";

    /// <summary>Most single batches that are looked for between harmed pages: a month of batches of five minutes.</summary>
    private const int SalvageMax = 10_000;

    private readonly Dictionary<string, (long First, long Last)> spans = [];
    private bool spansAreRead;

    /// <summary>Writes batches and reads them back. Putting a batch again changes nothing.</summary>
    /// <returns>Null when every batch was read back byte for byte; otherwise why not. Nothing may be deleted elsewhere then.</returns>
    public string? Put(IReadOnlyList<StoredBatch> batches)
    {
        foreach (var month in batches.GroupBy(batch => FileOf(batch.Header.OpenedMs)))
        {
            if (PutMonth(month.Key, [.. month]) is { } fault)
            {
                return fault;
            }
        }

        return null;
    }

    /// <summary>The stored batches with these numbers, both ends included, in order; those that are not there are left out.</summary>
    public IReadOnlyList<StoredBatch> Read(long first, long last)
    {
        ReadSpans();
        var found = new SortedDictionary<long, StoredBatch>();
        foreach (var name in spans.Where(span => span.Value.First <= last && span.Value.Last >= first).Select(span => span.Key).ToList())
        {
            foreach (var batch in With(name, engine => Documents(engine, Query.Between("_id", first, last)).Select(Decode).ToList()) ?? [])
            {
                found[batch.Header.Number] = batch;
            }
        }

        return [.. found.Values];
    }

    /// <summary>Lowest and highest number of a stored batch that overlaps a time window; null when none does.</summary>
    public (long First, long Last)? Find(long fromMs, long toMs)
    {
        ReadSpans();
        (long First, long Last)? found = null;
        foreach (var name in spans.Keys.ToList())
        {
            var numbers = With(name, engine => Documents(engine, Query.LTE("opened", toMs))
                .Where(document => document["closed"].AsInt64 >= fromMs).Select(document => document["_id"].AsInt64).ToList());
            foreach (var number in numbers ?? [])
            {
                found = found is { } span ? (Math.Min(span.First, number), Math.Max(span.Last, number)) : (number, number);
            }
        }

        return found;
    }

    /// <summary>Lowest and highest number that is stored; null when nothing is.</summary>
    public (long First, long Last)? Span()
    {
        ReadSpans();
        return spans.Count == 0 ? null : (spans.Values.Min(span => span.First), spans.Values.Max(span => span.Last));
    }

    /// <summary>The month files, oldest first.</summary>
    public IReadOnlyList<string> Files => [.. folder.Names.Where(IsFile)];

    /// <summary>Whether a name is a month file's, not its log's and not one that was put aside.</summary>
    public static bool IsFile(string name) => name.StartsWith(Prefix, StringComparison.Ordinal)
        && name.EndsWith(Suffix, StringComparison.Ordinal);

    /// <summary>Whether a name is a month file that was put aside, by a start or by a repair.</summary>
    public static bool IsSetAside(string name) => name.StartsWith(Prefix, StringComparison.Ordinal)
        && (name.Contains(Suffix + BrokenMark, StringComparison.Ordinal)
            || name.Contains(Suffix + Anchoring.SetAside.Mark, StringComparison.Ordinal));

    /// <summary>The log file that belongs to a month file, put aside or not.</summary>
    public static string LogOf(string name) => name.Replace(Suffix, LogSuffix, StringComparison.Ordinal);

    /// <summary>Reads what is whole in a month file, however harmed it is, and changes nothing.</summary>
    /// <param name="folder">Where it is.</param>
    /// <param name="name">The file, put aside or not.</param>
    /// <returns>Every batch whose own hash holds, and what was wrong, in words; null when nothing was.</returns>
    public static (IReadOnlyList<StoredBatch> Whole, string? Fault) Salvage(IFolder folder, string name)
    {
        var frozen = new FrozenFolder(folder);
        var whole = new SortedDictionary<long, StoredBatch>();
        string? fault = null;
        void Take(BsonDocument document)
        {
            try
            {
                var batch = Decode(document);
                whole[batch.Header.Number] = batch;
            }
            catch (Exception harm) when (IsHarm(harm))
            {
                fault ??= harm.Message;
            }
        }

        void Walk(Query query)
        {
            try
            {
                using var content = frozen.OpenWriteThrough(name);
                using var log = frozen.OpenWriteThrough(LogOf(name));
                using var engine = new LiteEngine(new EngineSettings { DataStream = content, LogStream = log });
                using var reader = engine.Query(Batches, query);
                while (reader.Read())
                {
                    Take(reader.Current.AsDocument);
                }
            }
            catch (Exception harm) when (IsHarm(harm))
            {
                fault ??= harm.Message;
            }
        }

        // From both ends up to the harm, then what lies between, one by one.
        Walk(new Query { OrderBy = "$._id", Order = Query.Ascending });
        if (fault is not null)
        {
            Walk(new Query { OrderBy = "$._id", Order = Query.Descending });
            foreach (var number in Between(whole))
            {
                var query = new Query();
                query.Where.Add(Query.EQ("_id", number));
                Walk(query);
            }
        }

        return ([.. whole.Values], fault);
    }

    /// <summary>Bytes of all month files, their logs and what was put aside.</summary>
    public long Length => folder.Names.Sum(name =>
    {
        using var stream = folder.Open(name);
        return stream.Length;
    });

    /// <summary>Lowest and highest number in a month file; null when it is empty or not there.</summary>
    public (long First, long Last)? SpanOf(string name)
    {
        ReadSpan(name);
        return spans.TryGetValue(name, out var span) ? span : null;
    }

    /// <summary>Deletes a month file, whole. Whoever calls has written down why.</summary>
    public void Drop(string name)
    {
        spans.Remove(name);
        folder.Delete(name);
        if (folder.Names.Contains(LogOf(name)))
        {
            folder.Delete(LogOf(name));
        }
    }

    private static List<long> Between(SortedDictionary<long, StoredBatch> whole)
    {
        List<long> missing = [];
        long? before = null;
        foreach (var number in whole.Keys)
        {
            for (var next = before + 1; next < number && missing.Count < SalvageMax; next++)
            {
                missing.Add(next.Value);
            }

            before = number;
        }

        return missing;
    }

    private static string FileOf(long openedMs) =>
        Prefix + DateTimeOffset.FromUnixTimeMilliseconds(openedMs).ToString("yyyy-MM", CultureInfo.InvariantCulture) + Suffix;

    private string? PutMonth(string name, List<StoredBatch> batches)
    {
        var documents = batches.Select(Encode).ToList();
        ReadSpan(name); // F-81: what the month held before this session must not be hidden by what is put into it now.
        var written = With(name, engine =>
        {
            engine.EnsureIndex(Batches, "opened", BsonExpression.Create("$.opened"), false);
            engine.Upsert(Batches, documents, BsonAutoId.Int64);
            engine.Checkpoint();
            return true;
        });
        // A new file: whatever was wrong with the old one, it is kept, and this one begins empty.
        if (!written && !With(name, engine => engine.Upsert(Batches, documents, BsonAutoId.Int64) >= 0 && engine.Checkpoint() >= 0))
        {
            return $"{name} in {folder.Place} could not be written";
        }

        var (first, last) = (batches.Min(batch => batch.Header.Number), batches.Max(batch => batch.Header.Number));
        spans[name] = spans.TryGetValue(name, out var span) ? (Math.Min(span.First, first), Math.Max(span.Last, last)) : (first, last);
        var back = With(name, engine => Documents(engine, Query.Between("_id", first, last)).Select(Decode)
            .ToDictionary(batch => batch.Header.Number, batch => batch.Check())) ?? [];
        foreach (var batch in batches)
        {
            if (!back.TryGetValue(batch.Header.Number, out var check) || check != batch.Check())
            {
                return $"batch {batch.Header.Number} was written to {name} and did not come back the same";
            }
        }

        return null;
    }

    /// <summary>Opens a file for one piece of work. If it is harmed, it is put aside and the answer is default.</summary>
    /// <exception cref="IOException">The disk is full or fails. Files are as they were at that instant, and whole once reopened.</exception>
    private T? With<T>(string name, Func<LiteEngine, T> work)
    {
        var first = new FirstFault();
        try
        {
            using var content = new OneFaultStream(folder.OpenWriteThrough(name), first);
            using var log = new OneFaultStream(folder.OpenWriteThrough(Path.ChangeExtension(name, LogSuffix)), first);
            T found;
            using (var engine = new LiteEngine(new EngineSettings { DataStream = content, LogStream = log }))
            {
                found = work(engine);
            }

            return first.Fault is { } fault ? throw Failed(name, fault) : found;
        }
        catch (Exception fault) when (first.Fault is not null && IsHarm(fault))
        {
            throw Failed(name, first.Fault); // What LiteDB then read again it had not written: that is no harm of the file.
        }
        catch (Exception fault) when (IsHarm(fault))
        {
            PutAside(name, fault.Message);
            return default;
        }
    }

    private IOException Failed(string name, IOException fault) => new($"{name} in {folder.Place} could not be written: {fault.Message}", fault);

    /// <summary>
    /// What LiteDB throws over harmed pages, which it does not recognise by itself: anything that reading random bytes can throw. A full or
    /// failing disk is an <see cref="IOException"/> of another kind and is not harm: the file stays where it is.
    /// </summary>
    private static bool IsHarm(Exception fault) => fault is LiteException or EndOfStreamException or MalformedEvidenceException
        || (fault is SystemException and not (IOException or UnauthorizedAccessException or OutOfMemoryException or OperationCanceledException));

    private void PutAside(string name, string words)
    {
        var kept = "";
        foreach (var part in new[] { name, Path.ChangeExtension(name, LogSuffix) })
        {
            var names = folder.Names;
            if (names.Contains(part))
            {
                var count = 1;
                while (names.Contains(string.Create(CultureInfo.InvariantCulture, $"{part}{BrokenMark}{count}")))
                {
                    count++;
                }

                var newName = string.Create(CultureInfo.InvariantCulture, $"{part}{BrokenMark}{count}");
                folder.Move(part, newName);
                kept = kept.Length == 0 ? newName : kept;
            }
        }

        spans.Remove(name);
        broke(new(name, kept, words));
    }

    private void ReadSpans()
    {
        if (spansAreRead)
        {
            return;
        }

        foreach (var name in Files)
        {
            ReadSpan(name);
        }

        spansAreRead = true; // Not before: a card that fails here once would hide months until the next start.
    }

    private void ReadSpan(string name)
    {
        if (spans.ContainsKey(name) || !folder.Names.Contains(name))
        {
            return;
        }

        var ends = With(name, engine => (First: Edge(engine, Query.Ascending), Last: Edge(engine, Query.Descending)));
        if (ends is { First: { } first, Last: { } last })
        {
            spans[name] = (first, last);
        }
    }

    private static long? Edge(LiteEngine engine, int order)
    {
        var query = new Query { Limit = 1 };
        query.OrderBy = "$._id";
        query.Order = order;
        using var reader = engine.Query(Batches, query);
        return reader.Read() ? reader.Current["_id"].AsInt64 : null;
    }

    private static IEnumerable<BsonDocument> Documents(LiteEngine engine, BsonExpression condition)
    {
        var query = new Query();
        query.Where.Add(condition);
        query.OrderBy = "$._id";
        using var reader = engine.Query(Batches, query);
        while (reader.Read())
        {
            yield return reader.Current.AsDocument;
        }
    }

    private static BsonDocument Encode(StoredBatch batch) => new()
    {
        ["_id"] = batch.Header.Number,
        ["opened"] = batch.Header.OpenedMs,
        ["closed"] = batch.Header.ClosedMs,
        ["statement"] = batch.Statement.Bytes.ToArray(),
        ["body"] = batch.Body,
        ["receipt"] = batch.Receipt,
        ["note"] = batch.BeaconNote,
        ["next"] = new BsonArray(batch.NextSequences.Select(sequence => new BsonValue(sequence))),
        ["check"] = batch.Check().ToBytes(),
    };

    /// <exception cref="MalformedEvidenceException">The document's own hash does not hold.</exception>
    private static StoredBatch Decode(BsonDocument document)
    {
        var batch = new StoredBatch(Statement.Decode(document["statement"].AsBinary), document["body"].AsBinary,
            document["receipt"].IsNull ? null : document["receipt"].AsString, document["note"].AsString,
            [.. document["next"].AsArray.Select(value => value.AsInt64)]);
        return document["check"].AsBinary.AsSpan().SequenceEqual(batch.Check().ToBytes()) && batch.Header.Number == document["_id"].AsInt64
            ? batch
            : throw new MalformedEvidenceException($"The stored batch {document["_id"]} does not have the hash it was stored with.");
    }
}
