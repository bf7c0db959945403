using System.Collections.Immutable;
using Evidence;
using Evidence.Log;
using Ledger.Log;
using Ledger.Store;

namespace Ledger.Admission;

/// <summary>Says to a gateway how it stands with this ledger, in a way that nobody on the road can forge: signed by the log's key, with
/// headers that the gateway's own key has signed (docs/decisions/0077).</summary>
/// <param name="store">What is logged.</param>
/// <param name="log">What is published.</param>
/// <param name="keys">The log's key signs.</param>
/// <param name="ahead">Judges the checkpoint in a question.</param>
/// <param name="halt">Stops logging for good.</param>
public sealed class Standings(LedgerStore store, TiledLog log, LogKeys keys, ShownAhead ahead, Action<string> halt)
{
    /// <summary>Headers shown from the asked number on; the newest one is shown beside them.</summary>
    private const int HeadersMax = AnswerProof.ShownMax - 1;

    /// <summary>Answers a question.</summary>
    /// <param name="tip">What is logged of the gateway, nothing of it under way any more.</param>
    /// <param name="message">The whole question.</param>
    public Downlink Answer(GatewayId gateway, LedgerQuestion question, GatewayTip tip, ReadOnlySpan<byte> message)
    {
        if (question.Checkpoint.Length > 0 && SignedNote.Parse(question.Checkpoint) is var note && ahead.Check(note, log) is { } trouble)
        {
            halt(trouble); // F-90: before it is written down, so that not one entry more gets in.
            ahead.Keep(note);
        }

        var answers = Digest.Of(message);
        var head = log.Head;
        return new(answers, null, null, "")
        {
            Proof = new(Sign(gateway, answers, null, tip, head.Size), [.. store.Headers(gateway.Value, question.From, HeadersMax)],
                head.Note?.ToString() ?? "", Path(question, head)),
        };
    }

    /// <summary>A refusal that stops a gateway, with what proves it.</summary>
    public Downlink Refuse(GatewayId gateway, Digest statement, Refusal refusal, string words, GatewayTip tip, ImmutableArray<byte> shown) =>
        new(statement, null, refusal, words) { Proof = new(Sign(gateway, statement, refusal, tip, log.Head.Size), [shown], "", []) };

    private string Sign(GatewayId gateway, Digest answers, Refusal? refusal, GatewayTip tip, long size) => keys.Log.Sign(SignedNote.Draft(
        new Standing(keys.Origin, gateway, answers, refusal, NextOf(tip), tip.LastDigest, tip.NextSequences, size).ToText())).ToString();

    private static long NextOf(GatewayTip tip) => tip.NextNumber ?? (tip.Manifests.IsEmpty ? 0 : tip.Manifests[0].Manifest.FirstNumber);

    /// <summary>Empty when nothing was asked, or when this log has fewer entries than the gateway has seen: that is an answer, too.</summary>
    private ImmutableArray<Digest> Path(LedgerQuestion question, LogHead head) =>
        question.Checkpoint.Length > 0 && Checkpoint.Parse(SignedNote.Parse(question.Checkpoint).Text).Size is var size && size <= head.Size
            ? log.Prover(head.Size).Consistency(size) : [];
}
