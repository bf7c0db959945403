using System.Collections.Immutable;
using System.Globalization;
using Anchoring;
using Evidence;
using Gateway.Configuration;
using Microsoft.Extensions.Logging;

namespace Gateway.Hosting;

/// <summary>Tells in the record what changed since the gateway last looked: settings that touch evidence, and which chip answers where.</summary>
/// <param name="seen">What it saw then.</param>
/// <param name="probes">The probes as configured, by channel.</param>
internal sealed class ChangeWatch(SeenFile seen, ImmutableArray<ConfiguredProbe> probes, ILogger log)
{
    /// <summary>The code of a Configuration event: a setting that touches evidence is not what it was at the last start.</summary>
    public const string SettingChanged = "setting.changed";

    /// <summary>The code of a Configuration event: what the settings were before is not known.</summary>
    public const string SettingsUnknown = "settings.unknown";

    /// <summary>The code of a ProbeSwap event: another chip answers than before.</summary>
    public const string ProbeSwapped = "probe.swapped";

    /// <summary>The code of a ProbeSwap event: the chip answers again with which the channel began.</summary>
    public const string ProbeBack = "probe.back";

    /// <summary>The code of a Configuration event: a setting as it is, behind batches that this card does not have.</summary>
    public const string SettingHolds = "setting.holds";

    /// <summary>The code of a Configuration event of a channel: which chip answers, behind batches that this card does not have.</summary>
    public const string ChipHolds = "chip.holds";

    private const string SettingPrefix = "setting/";
    private const string ToldPrefix = "told/";
    private string saveFault = "";

    /// <summary>What a person has to look at, a sentence each.</summary>
    public IEnumerable<string> Troubles
    {
        get
        {
            for (var i = 0; i < probes.Length; i++)
            {
                if (seen[First(i)] is { } first && seen[Last(i)] is { } last && first != last)
                {
                    // F-34: another chip of the same kind, with another serial number.
                    yield return $"{probes[i].Probe.Place}: chip {last} answers, and this channel began with chip {first}. If the probe was "
                        + "exchanged, give the new one's serial in the settings and have the authority sign a new manifest (`gateway enrol "
                        + "request`); if not, put the old one back. Recording goes on, and every reading until then is under the old probe's name.";
                }
            }

            if (seen.Fault.Length > 0)
            {
                yield return seen.Fault;
            }

            if (saveFault.Length > 0)
            {
                yield return saveFault;
            }
        }
    }

    /// <summary>What must be told at a start.</summary>
    /// <param name="settings">Name and value of each setting that touches evidence, as they are now.</param>
    /// <param name="isFirstStart">Whether this gateway has recorded nothing before.</param>
    public List<BatchEvent> AtStart(ImmutableArray<(string Name, string Value)> settings, bool isFirstStart, Moment now)
    {
        List<BatchEvent> events = [];
        if (seen.IsNew && !isFirstStart)
        {
            events.Add(Configuration(SettingsUnknown, $"What the settings were before this start is not known: {SeenFile.Name} is not there.", now));
        }

        var before = seen.Under(SettingPrefix).ToHashSet();
        foreach (var (name, value) in settings)
        {
            // F-36: the settings were changed while a batch was open; that batch is sealed, and this session begins with the change.
            if (!seen.IsNew && seen[SettingPrefix + name] is var old && old != value)
            {
                events.Add(Configuration(SettingChanged, $"{name} is {value}; it was {old ?? "not there"}.", now));
            }

            before.Remove(SettingPrefix + name);
            seen[SettingPrefix + name] = value;
        }

        foreach (var gone in before)
        {
            events.Add(Configuration(SettingChanged, $"{gone[SettingPrefix.Length..]} is not there any more; it was {seen[gone]}.", now));
            seen.Remove(gone);
        }

        return events;
    }

    /// <summary>Which chips answer that did not answer before. Call <see cref="Remember"/> when the events are recorded.</summary>
    /// <param name="serials">Each channel's chip's own serial number as read in this round; null where there is none or it was not
    /// read.</param>
    public List<BatchEvent> Saw(ImmutableArray<string?> serials, Moment now)
    {
        List<BatchEvent> events = [];
        for (var i = 0; i < serials.Length && i < probes.Length; i++)
        {
            if (serials[i] is not { } serial || seen[Last(i)] == serial)
            {
                continue;
            }

            if (seen[Last(i)] is { } last)
            {
                var isBack = seen[First(i)] == serial;
                var words = $"Chip {serial} answers{(isBack ? " again" : "")}; chip {last} did before.";
                DaemonLog.ProbeSwapped(log, new((ushort)i), words);
                events.Add(new(new((ushort)i), EventKind.ProbeSwap, now.WallMs, EventDetail.Note(isBack ? ProbeBack : ProbeSwapped, words)));
            }
            else
            {
                seen[First(i)] = serial; // The first chip under this probe's name: what it was enrolled with.
            }

            seen[Last(i)] = serial;
        }

        return events;
    }

    /// <summary>F-164: what is told again once this card goes on behind batches that it does not have. They may be of another life of it, with other
    /// settings and other chips, and the last word about these must not be theirs.</summary>
    /// <param name="lostThrough">The last of these batches; null when there are none.</param>
    /// <param name="settings">As they are now.</param>
    /// <param name="serials">Each channel's chip's own number as read in this round; a chip is told when it is read.</param>
    public List<BatchEvent> BehindBreak(long? lostThrough, ImmutableArray<(string Name, string Value)> settings, ImmutableArray<string?> serials, Moment now)
    {
        List<BatchEvent> events = [];
        if (lostThrough is not { } number)
        {
            return events;
        }

        var told = number.ToString(CultureInfo.InvariantCulture);
        if (seen[ToldPrefix + "settings"] != told)
        {
            events.AddRange(settings.Select(setting => Configuration(SettingHolds, $"{setting.Name} is {setting.Value}; so it is behind batch {told}, "
                + "which this card does not have.", now)));
            seen[ToldPrefix + "settings"] = told;
        }

        for (var i = 0; i < serials.Length && i < probes.Length; i++)
        {
            if (serials[i] is { } serial && seen[$"{ToldPrefix}chip/{i}"] != told)
            {
                var words = $"Chip {serial} answers; so it is behind batch {told}, which this card does not have.";
                events.Add(new(new((ushort)i), EventKind.Configuration, now.WallMs, EventDetail.Note(ChipHolds, words)));
                seen[$"{ToldPrefix}chip/{i}"] = told;
            }
        }

        return events;
    }

    /// <summary>What was seen is recorded now: the next start compares with it.</summary>
    public void Remember() => saveFault = seen.Save();

    // With the probe's serial from its label: a new manifest names a new probe, and its chip is learned anew.
    private string First(int channel) => $"chip/{channel}/{probes[channel].Probe.Serial}/first";

    private string Last(int channel) => $"chip/{channel}/{probes[channel].Probe.Serial}/last";

    private static BatchEvent Configuration(string code, string words, Moment now) =>
        new(null, EventKind.Configuration, now.WallMs, EventDetail.Note(code, words));
}
