using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Data.Common;
using System.Security.Cryptography;
using Evidence;
using Ledger.Store;
using Microsoft.EntityFrameworkCore;

namespace Ledger.Admission;

/// <summary>Whom the ledger believes, and with which key it signs its own entries.</summary>
/// <param name="Authorities">Keys that may sign manifests and revocations.</param>
/// <param name="Origin">The log's name.</param>
/// <param name="OwnKey">P-256 key for conflict entries.</param>
public sealed record IntakeTrust(ImmutableArray<PublicKey> Authorities, string Origin, ECDsa OwnKey);

/// <summary>The ledger's door: judges what a gateway sends, has it logged, and answers with a receipt or a refusal.</summary>
/// <remarks>
/// Statements of one gateway are judged in the order of the calls; call <see cref="Accept"/> again without waiting for the answer before,
/// so that many
/// statements share one round of the log. Signatures and trees of different gateways are checked in parallel.
/// </remarks>
public sealed class Intake(LedgerStore store, Sequencer sequencer, Quarantine quarantine, Standings standings, IntakeTrust trust,
    LedgerMeter meter, ILogger<Intake> log)
{
    /// <summary>Most gateways whose state is kept in memory; idle ones are forgotten beyond it and read back when they speak
    /// again.</summary>
    public const int LanesMax = 4_096;

    private readonly ConcurrentDictionary<GatewayId, Lane> lanes = new();
    private readonly ConcurrentDictionary<string, long> revoked = new(store.Revocations().GroupBy(row => row.KeyId)
        .Select(rows => KeyValuePair.Create(rows.Key, rows.Min(row => row.FromIndex))));

    /// <summary>Judges one message. The task ends when the answer may be sent: with a receipt only after the statement is durable and
    /// published.</summary>
    /// <param name="from">Whose link it came over, as the broker has authenticated it.</param>
    /// <param name="uplink">The message; not changed until the task ends.</param>
    /// <exception cref="OperationCanceledException">Cancelled. The statement may be logged all the same: the sender sends it
    /// again.</exception>
    public async Task<Downlink> Accept(GatewayId from, ReadOnlyMemory<byte> uplink, CancellationToken cancellation)
    {
        var lane = LaneOf(from);
        var turn = lane.Enter(); // Before the first await: the order of the calls is the order of the lane.
        try
        {
            if (LedgerQuestion.IsOne(uplink.Span))
            {
                await turn.Before.WaitAsync(cancellation).ConfigureAwait(false);
                return await Word(lane, from, uplink, cancellation).ConfigureAwait(false);
            }

            var examined = await Task.Run(() => Examine(from, uplink, lane.Tip), cancellation).ConfigureAwait(false);
            await turn.Before.WaitAsync(cancellation).ConfigureAwait(false);
            var answer = await Judge(lane, turn, examined, cancellation).ConfigureAwait(false);
            meter.Answered(examined.Statement?.Kind, answer.Refusal);
            return answer;
        }
        catch (Exception fault) when (fault is IOException or DbUpdateException or DbException)
        {
            IntakeLog.StoreFailed(log, from, fault);
            return new(IdentityOf(uplink), null, Refusal.Unavailable, "The ledger cannot read or write its database; send again later.");
        }
        finally
        {
            turn.Leave();
        }
    }

    private async Task<Downlink> Judge(Lane lane, Lane.Turn turn, Examined examined, CancellationToken cancellation)
    {
        try
        {
            var tip = TipOf(lane, examined.From);
            if (examined.Statement?.Kind == StatementKind.Batch && (examined.Batch is null || !ReferenceEquals(examined.Tip, tip)))
            {
                examined = examined.Batch is null ? Examine(examined.From, examined.Message, tip) : examined with { Tip = tip };
            }

            if (examined.Fault is { } fault)
            {
                throw fault;
            }

            return await Admit(lane, turn, examined, tip, cancellation).ConfigureAwait(false);
        }
        catch (RefusedException refused)
        {
            // Durable before the answer: what the gateway is told, an operator can look up.
            quarantine.Keep(examined.From, refused.Refusal, refused.Message, examined.Message);
            IntakeLog.Refused(log, examined.From, refused.Refusal, refused.Message);
            return refused.Shown is { } shown
                ? standings.Refuse(examined.From, examined.Identity, refused.Refusal, refused.Message, TipOf(lane, examined.From), shown)
                : new(examined.Identity, null, refused.Refusal, refused.Message);
        }
    }

    /// <summary>The ledger's word on what it has logged of a gateway: after all that came before is durable, and never ahead of it.</summary>
    private async Task<Downlink> Word(Lane lane, GatewayId from, ReadOnlyMemory<byte> message, CancellationToken cancellation)
    {
        try
        {
            var question = BatchRules.Decoded(() => LedgerQuestion.Decode(message));
            await lane.LastRound.WaitAsync(cancellation).ConfigureAwait(false);
            return standings.Answer(from, question, store.Tip(from.Value), message.Span);
        }
        catch (RefusedException refused)
        {
            quarantine.Keep(from, refused.Refusal, refused.Message, message);
            IntakeLog.Refused(log, from, refused.Refusal, refused.Message);
            return new(Digest.Of(message.Span), null, refused.Refusal, refused.Message);
        }
    }

    private Task<Downlink> Admit(Lane lane, Lane.Turn turn, Examined examined, GatewayTip tip, CancellationToken cancellation) =>
        examined.Statement!.Kind switch
        {
            StatementKind.Batch => AdmitBatch(lane, turn, examined, tip, cancellation),
            StatementKind.Manifest => AdmitManifest(lane, turn, examined, tip, cancellation),
            StatementKind.Revocation => AdmitRevocation(lane, turn, examined, cancellation),
            var kind => throw new RefusedException(Refusal.Malformed, $"A gateway does not send statements of kind {kind}."),
        };

    private async Task<Downlink> AdmitBatch(Lane lane, Lane.Turn turn, Examined examined, GatewayTip tip, CancellationToken cancellation)
    {
        var batch = examined.Batch!;
        var header = batch.Header;
        if (header.Number < (tip.NextNumber ?? 0))
        {
            await lane.LastRound.WaitAsync(cancellation).ConfigureAwait(false); // It may stand in a round that is still under way.
            if (store.FindBatch(header.Gateway.Value, header.Number) is { } logged)
            {
                return logged.PayloadDigest == examined.Identity
                    ? await Receipt(lane, turn, examined, logged.LogIndex, cancellation).ConfigureAwait(false)
                    : await Conflict(lane, turn, examined, logged.LogIndex, cancellation).ConfigureAwait(false);
            }

            tip = TipOf(lane, examined.From);
        }

        if (revoked.TryGetValue(Convert.ToHexStringLower(batch.Statement.KeyId.AsSpan()), out var from) && sequencer.NextIndexFloor >= from)
        {
            throw new RefusedException(Refusal.Revoked,
                $"The key of batch {header.Number} is revoked from log index {from} on. Enrol the gateway again.")
            {
                Shown = store.RevocationOf(Convert.ToHexStringLower(batch.Statement.KeyId.AsSpan())),
            };
        }

        BatchRules.CheckNext(batch, tip);
        var sequences = BatchRules.NextSequences(batch, tip.NextSequences);
        var packed = BodyPacking.Pack(batch.BodyBytes.Span);
        var next = tip with { NextNumber = header.Number + 1, LastDigest = examined.Identity, NextSequences = sequences };
        return await Log(lane, turn, examined, next, batch.Statement, index => new BatchRow
        {
            Gateway = header.Gateway.Value,
            Number = header.Number,
            PayloadDigest = examined.Identity,
            Manifest = header.Manifest,
            Beacon = header.Beacon,
            LogIndex = index,
            OpenedMs = header.OpenedMs,
            ClosedMs = header.ClosedMs,
            Rounds = batch.Body.Rounds.Length,
            NextSequences = LedgerStore.WriteSequences(sequences),
            Body = packed,
        }, cancellation).ConfigureAwait(false);
    }

    private async Task<Downlink> AdmitManifest(Lane lane, Lane.Turn turn, Examined examined, GatewayTip tip, CancellationToken cancellation)
    {
        var statement = examined.Statement!;
        AuthorityRules.CheckSigned(statement, trust.Authorities);
        var manifest = BatchRules.Decoded(() => Manifest.Decode(statement));
        if (manifest.Gateway != examined.From)
        {
            throw new RefusedException(Refusal.NotEnrolled,
                $"The manifest enrols gateway {manifest.Gateway}; this is the link of {examined.From}.");
        }

        if (tip.Manifests.Any(known => known.PayloadDigest == examined.Identity))
        {
            await lane.LastRound.WaitAsync(cancellation).ConfigureAwait(false);
            if (store.FindManifest(examined.Identity) is { } index)
            {
                return await Receipt(lane, turn, examined, index, cancellation).ConfigureAwait(false);
            }

            tip = TipOf(lane, examined.From);
        }

        AuthorityRules.CheckNext(manifest, tip);
        var next = tip with { Manifests = tip.Manifests.Add(new(examined.Identity, manifest)) };
        return await Log(lane, turn, examined, next, statement, index => new ManifestRow
        {
            PayloadDigest = examined.Identity,
            Gateway = manifest.Gateway.Value,
            FirstNumber = manifest.FirstNumber,
            IssuedMs = manifest.IssuedMs,
            Openings = [.. statement.Openings],
            LogIndex = index,
        }, cancellation).ConfigureAwait(false);
    }

    private async Task<Downlink> AdmitRevocation(Lane lane, Lane.Turn turn, Examined examined, CancellationToken cancellation)
    {
        var statement = examined.Statement!;
        AuthorityRules.CheckSigned(statement, trust.Authorities);
        var revocation = BatchRules.Decoded(() => Revocation.Decode(statement.Payload));
        await lane.LastRound.WaitAsync(cancellation).ConfigureAwait(false);
        var answer = store.FindRevocation(examined.Identity) is { } index
            ? await Receipt(lane, turn, examined, index, cancellation).ConfigureAwait(false)
            : await Log(lane, turn, examined, null, statement, place => new RevocationRow
            {
                LogIndex = place,
                KeyId = revocation.KeyId,
                FromIndex = revocation.FromIndex,
            }, cancellation).ConfigureAwait(false);
        if (answer.Refusal is null)
        {
            revoked.AddOrUpdate(revocation.KeyId, revocation.FromIndex, (_, before) => Math.Min(before, revocation.FromIndex));
        }

        return answer;
    }

    /// <summary>Two histories of one gateway. The first pair of a number is logged; a thief of the key cannot fill the log with
    /// more.</summary>
    private async Task<Downlink> Conflict(Lane lane, Lane.Turn turn, Examined examined, long loggedIndex, CancellationToken cancellation)
    {
        var (gateway, number) = (examined.From, examined.Batch!.Header.Number);
        var words = $"Another batch {number} of this gateway is logged at index {loggedIndex}. Both are in the log as a conflict.";
        if (!store.HasConflict(gateway.Value, number))
        {
            var logged = store.Entry(loggedIndex)!;
            var entry = ConflictEntry.Sign(gateway, number, logged, examined.Statement!.Bytes.AsSpan(), trust.Origin, trust.OwnKey);
            var answer = await Log(lane, turn, examined, null, entry, index => new ConflictRow
            {
                Gateway = gateway.Value,
                Number = number,
                OtherDigest = examined.Identity,
                LogIndex = index,
            }, cancellation, held: true).ConfigureAwait(false);
            if (answer.Refusal is not null)
            {
                return answer; // Not logged yet, so it may not be refused as if it were: the gateway sends it again.
            }
        }

        throw new RefusedException(Refusal.Conflict, words) { Shown = [.. store.Entry(loggedIndex)!] };
    }

    /// <summary>Hands a statement to the sequencer. The lane goes on as soon as its place in the queue is certain, unless the turn is
    /// held.</summary>
    private async Task<Downlink> Log(Lane lane, Lane.Turn turn, Examined examined, GatewayTip? next, Statement statement, Func<long,
        object> row,
        CancellationToken cancellation, bool held = false)
    {
        var round = await sequencer.Add(new(examined.From.Value, statement, row), lane.TipEpoch, cancellation).ConfigureAwait(false);
        lane.Tip = next ?? lane.Tip;
        return await Answered(lane, turn, examined, round, held, cancellation).ConfigureAwait(false);
    }

    private async Task<Downlink> Receipt(Lane lane, Lane.Turn turn, Examined examined, long index, CancellationToken cancellation)
    {
        var round = await sequencer.Receipt(index, cancellation).ConfigureAwait(false);
        return await Answered(lane, turn, examined, round, held: false, cancellation).ConfigureAwait(false);
    }

    private static async Task<Downlink> Answered(Lane lane, Lane.Turn turn, Examined examined, Task<Sequenced> round, bool held,
        CancellationToken cancellation)
    {
        lane.LastRound = round;
        if (!held)
        {
            turn.Leave(); // The next one reasons from the new tip; if this round fails, its epoch tells the sequencer to refuse it.
        }

        var sequenced = await round.WaitAsync(cancellation).ConfigureAwait(false);
        return sequenced.Receipt is { } receipt
            ? new(examined.Identity, receipt, null, "")
            : new(examined.Identity, null, Refusal.Unavailable, sequenced.Trouble);
    }

    /// <summary>What one message gives without looking at what came before it.</summary>
    private static Examined Examine(GatewayId from, ReadOnlyMemory<byte> message, GatewayTip? tip)
    {
        var examined = new Examined(from, message, Digest.Of(message.Span), null, null, null, tip);
        try
        {
            var uplink = BatchRules.Decoded(() => Uplink.Decode(message));
            var statement = BatchRules.Decoded(() => Statement.Decode(uplink.Statement.AsMemory()));
            if (statement.Kind == StatementKind.Manifest && uplink.Body is { } openings)
            {
                statement = statement.With(openings);
            }

            examined = examined with { Statement = statement, Identity = statement.PayloadDigest };
            return statement.Kind == StatementKind.Batch && tip is not null
                ? examined with { Batch = BatchRules.Check(from, statement, uplink.Body, tip.Manifests) }
                : examined;
        }
        catch (RefusedException fault)
        {
            return examined with { Fault = fault };
        }
    }

    private static Digest IdentityOf(ReadOnlyMemory<byte> message)
    {
        try
        {
            return Statement.Decode(Uplink.Decode(message).Statement.AsMemory()).PayloadDigest;
        }
        catch (MalformedEvidenceException)
        {
            return Digest.Of(message.Span); // What could not be read is named by the whole message (Downlink).
        }
    }

    private GatewayTip TipOf(Lane lane, GatewayId gateway)
    {
        var epoch = sequencer.Epoch;
        if (lane.Tip is not { } tip || lane.TipEpoch != epoch)
        {
            tip = store.Tip(gateway.Value);
            lane.TipEpoch = epoch;
            lane.Tip = tip;
        }

        return tip;
    }

    private Lane LaneOf(GatewayId gateway)
    {
        if (lanes.Count >= LanesMax && !lanes.ContainsKey(gateway))
        {
            foreach (var idle in lanes.Where(pair => pair.Value.IsIdle))
            {
                lanes.TryRemove(idle);
            }
        }

        return lanes.GetOrAdd(gateway, _ => new());
    }

    private sealed record Examined(GatewayId From, ReadOnlyMemory<byte> Message, Digest Identity, Statement? Statement, CheckedBatch? Batch,
        RefusedException? Fault, GatewayTip? Tip);
}

internal static partial class IntakeLog
{
    [LoggerMessage(2001, LogLevel.Warning, "Gateway {Gateway}: refused, {Refusal}. {Words}")]
    public static partial void Refused(ILogger log, GatewayId gateway, Refusal refusal, string words);

    [LoggerMessage(2002, LogLevel.Error, "Gateway {Gateway}: could not be answered, the database failed.")]
    public static partial void StoreFailed(ILogger log, GatewayId gateway, Exception fault);
}
