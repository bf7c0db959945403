using System.Collections.Immutable;
using System.Globalization;
using System.Text.RegularExpressions;
using Evidence;

namespace Gateway.Tests.Simulation;

/// <summary>Images of the card, who puts one back, and the authority that enrols the gateway again; copies of the ledger's data.</summary>
public sealed partial class TruckWorld
{
    private const int ImagesMax = 6, BreakBatchesMax = 8;
    private readonly List<CardImage> images = [];
    private readonly Dice laterDice; // What the older kinds of fault meet does not depend on how often an image is taken.
    private Statement enrolment;
    private long? authorityAtMs;

    /// <summary>The whole card as it was once.</summary>
    private sealed record CardImage(Dictionary<string, Dictionary<string, CardFile>> Files, byte[]? Seen, Statement Enrolment, int Settings,
        CardMark Mark);

    [GeneratedRegex("Enrol this gateway again from batch (\\d+) on: ")]
    private static partial Regex EnrolAgain { get; }

    private Statement SignManifest(long first, Digest previous) => new Manifest(key.Gateway, key.Public, first, clock.TrueMs,
        [.. TruckWiring.Configured(TruckWiring.High).Select((probe, i) => new ManifestChannel(probe.Probe.Place, probe.Probe.Serial, probe.Low,
            probe.High, intervalMs, default, null, Digest.Of([(byte)i])))], default, previous,
        GatewayTraits.SoftwareKey | GatewayTraits.EmulatedProbes).Sign("authority:authority", ledger.Authority);

    /// <summary>Whether a fault can begin now. The card and the ledger are never put back at one time: then nobody would be left who knows what was
    /// published, and a second history could not be told from the first (docs/decisions/0078).</summary>
    private bool MayBegin(FaultKind kind) => kind switch
    {
        FaultKind.CardPutBack => images.Count > 0 && !ledger.IsOld,
        FaultKind.LedgerRestored => ledger.CopySize >= 0 && ledger.CopySize < ledger.Head?.Size && authorityAtMs is null
            && session!.Status is { Unanchored: 0, UnanchoredManifests: 0 },
        _ => true,
    };

    /// <summary>Somebody takes an image of the card now and then, and a copy of the ledger's data.</summary>
    private void TakeImages()
    {
        if (session is null)
        {
            return;
        }

        if (kinds.Contains(FaultKind.CardPutBack) && laterDice.OnceIn(DayInTurns / 2))
        {
            var image = new CardImage(card.Image(laterDice.Coin() ? Survival.Flushed : Survival.Written),
                File.Exists(SeenPath) ? File.ReadAllBytes(SeenPath) : null, enrolment, settings, checker.Mark((session.Status.Sealed ?? -1) + 1));
            if (images.Count == ImagesMax)
            {
                images.RemoveAt((int)laterDice.Between(0, ImagesMax - 1)); // Some stay for weeks.
            }

            images.Add(image);
            Note($"an image is taken, signed up to {image.Mark.Next - 1}, {session.Status.ToSign} to sign");
        }

        if (kinds.Contains(FaultKind.LedgerRestored) && !ledger.IsOld && laterDice.OnceIn(8 * DayInTurns / density))
        {
            ledger.Backup();
        }
    }

    private long DayInTurns => Day / intervalMs;

    /// <summary>The gateway stops or loses its power, and starts with another card.</summary>
    private void PutBackImage()
    {
        var image = images[(int)laterDice.Between(0, images.Count - 1)];
        if (laterDice.Coin())
        {
            Guarded(() => session!.Cycle.Stop(session.Now));
        }

        Note($"put back: an image that is signed up to {image.Mark.Next - 1} and of {image.Mark.Expected.Length} rounds beyond the ledger then");
        EndSession();
        card.PutBack(image.Files);
        Restore(image.Seen);
        (enrolment, settings, authorityAtMs) = (image.Enrolment, image.Settings, null);
        checker.RolledBack(image.Mark, images.Where(other => other != image).Select(other => other.Mark));
        startAtMs = clock.TrueMs + laterDice.Spread(5_000, 2 * Day / density);
    }

    /// <summary>What the status asks for is done after a while: the authority enrols the gateway from the number that it names.</summary>
    private void LookAtStatus()
    {
        var asked = session?.Status.Faults.Select(words => EnrolAgain.Match(words)).FirstOrDefault(match => match.Success);
        if (session is null || ledger.IsOld)
        {
            return; // Nothing is enrolled at a ledger that has lost what it published.
        }

        authorityAtMs = asked is null ? null : authorityAtMs ?? clock.TrueMs + (kinds.Count == 0 ? Hour : laterDice.Spread(Hour, 4 * Day / density));
        if (clock.TrueMs < authorityAtMs || asked is null)
        {
            return;
        }

        authorityAtMs = null;
        enrolment = SignManifest(long.Parse(asked.Groups[1].Value, CultureInfo.InvariantCulture), checker.LastManifest);
        Tally.Enrolments++;
        Note($"enrolled again: {asked}");
        Guarded(() => session!.Cycle.Stop(session.Now));
        if (session is not null)
        {
            EndSession();
            startAtMs = clock.TrueMs + laterDice.Spread(1_000, 5 * Minute);
        }
    }

    private void HurryAuthority() => authorityAtMs = authorityAtMs is { } at ? Math.Min(at, clock.TrueMs + Hour) : null;

    /// <summary>The ledger was stopped and started: the connection is a new one.</summary>
    private void Reconnected(Action work)
    {
        work();
        if (link.IsUp)
        {
            link.Break();
            link.Mend();
        }
    }

    /// <summary>One window, as the gateway gives it and as the ledger does.</summary>
    private void Check(BundleChecker windows, SoundWindow window)
    {
        var extract = session!.Extract(window.FromMs, window.ToMs);
        if (!checker.Missing.Contains(window.Number) && extract.Missing.IsEmpty)
        {
            windows.Check(extract, window);
        }

        ShownByLedger(windows, window);
    }

    private void ShownByLedger(BundleChecker windows, SoundWindow window, bool mayBeSetBack = true)
    {
        var (bundle, batches, problem) = ledger.Window(key.Gateway, window.FromMs, window.ToMs);
        if (bundle is null)
        {
            checker.Violate($"The ledger shows no window of batch {window.Number}: {problem}");
            return;
        }

        windows.Check(bundle, window, batches, mayBeSetBack);
    }

    /// <summary>Windows over the places where a card that was put back went on behind the other one: the ledger has both sides.</summary>
    private void CheckBreaks(BundleChecker windows)
    {
        foreach (var number in checker.Broken)
        {
            if (checker.SoundWindows.Find(window => window.Number == number) is { } before
                && checker.SoundWindows.Find(window => window.Number > number) is { } after && after.ToMs > before.FromMs && after.Number - number < BreakBatchesMax)
            {
                ShownByLedger(windows, new(number, before.FromMs, after.ToMs, before.Truths.AddRange(after.Truths)),
                    mayBeSetBack: after.Number > number + 1 || checker.LateGaps.Contains(after.Number));
                Tally.BreaksShown++;
            }
        }
    }
}
