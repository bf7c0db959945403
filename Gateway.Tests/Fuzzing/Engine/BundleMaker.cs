using System.Text;
using System.Text.Json.Nodes;
using Evidence;
using Gateway.Tests.Evidence;
using Gateway.Tests.Simulation;

namespace Gateway.Tests.Fuzzing;

/// <summary>Whole bundles of strange trips, signed and logged by right keys: what mutations of bytes alone would never reach.</summary>
public static class BundleMaker
{
    /// <summary>One bundle; every batch in it is signed by the truck's keys, whatever it claims.</summary>
    /// <param name="truck">Whose keys and policy; its own batches stay as they are.</param>
    public static byte[] Make(TestTruck truck, Dice dice)
    {
        var json = JsonNode.Parse(truck.Bundle(dice.Of<DisclosureLevel>(Enum.GetValues<DisclosureLevel>()), Channels(truck, dice)))!.AsObject();
        for (var left = dice.Between(0, 3); left > 0; left--)
        {
            if (dice.OnceIn(4))
            {
                BendManifests(json["manifests"]!.AsArray(), truck, dice);
            }
            else
            {
                Bend(json, dice);
            }
        }

        return Encoding.UTF8.GetBytes(json.ToJsonString());
    }

    /// <summary>Ten kilobytes that claim more readings than anybody may have to hash: columns of one run each (F-98).</summary>
    public static byte[] Bomb(TestTruck truck)
    {
        var json = JsonNode.Parse(truck.Bundle())!.AsObject();
        var many = new DisclosedColumn(new(0), [.. new byte[32]], 4, 0, [.. Enumerable.Range(0, BatchLimits.LeavesMax).Select(i => TestTruck.StartMs + (i * 1_000L))],
            [.. Enumerable.Repeat(new BatchSample(Outcome.Timeout, null, 0), BatchLimits.LeavesMax)]);
        var column = Convert.ToBase64String(many.Encode());
        foreach (var batch in json["batches"]!.AsArray())
        {
            batch!["columns"] = new JsonArray([.. Enumerable.Range(0, BatchLimits.ChannelsMax).Select(_ => (JsonNode)column)]);
        }

        return Encoding.UTF8.GetBytes(json.ToJsonString());
    }

    /// <summary>A truck whose trip has cuts, steps, holes and lies in its signed headers, all drawn.</summary>
    public static TestTruck Trip(Dice dice)
    {
        var truck = new TestTruck(channels: (int)dice.Between(1, 3), traits: (GatewayTraits)dice.Between(0, 3));
        for (var left = dice.Between(1, 5); left > 0; left--)
        {
            List<BatchEvent> events = [];
            if (dice.OnceIn(3))
            {
                var boot = truck.PowerCut(dice.Spread(1, 100_000_000));
                events.AddRange(dice.OnceIn(4) ? [] : [boot]);
            }

            if (dice.OnceIn(4))
            {
                var step = dice.Between(-4_000_000, 4_000_000);
                events.Add(new(null, EventKind.ClockStep, truck.NowMs, EventDetail.ClockStep(truck.NowMs, truck.NowMs + step, ClockTrust.Ntp)));
                truck.NowMs += step;
            }

            if (dice.OnceIn(5))
            {
                events.Add(new(dice.Coin() ? null : new ChannelId((ushort)dice.Between(0, 3)), (EventKind)dice.Between(1, 14), truck.NowMs,
                    EventDetail.Gap(truck.NowMs - dice.Between(0, 900_000), truck.NowMs + dice.Between(0, 900_000), (GapCause)dice.Between(1, 5))));
            }

            truck.DelayMs = dice.OnceIn(6) ? dice.Spread(1, 400_000_000) - 1_000_000 : 20_000;
            truck.Receipts = !dice.OnceIn(5);
            truck.Seal((int)dice.Between(0, 6), (_, channel) => dice.OnceIn(6) ? null : (int)dice.Between(1_500, 8_500) + channel,
                dice.OnceIn(4) ? header => Lie(header, dice) : null, [.. events]);
        }

        return truck;
    }

    private static BatchHeader Lie(BatchHeader header, Dice dice) => dice.Between(0, 8) switch
    {
        0 => header with { Number = header.Number + dice.Between(0, 2) },
        1 => header with { Previous = Digest.Of([1]) },
        2 => header with { OpenedMs = Math.Min(header.ClosedMs, header.OpenedMs + dice.Between(-100_000, 100_000)) }, // One that ends first is no header at all.
        3 => header with { ClosedMs = Math.Max(header.OpenedMs, header.ClosedMs + dice.Between(-100_000, 100_000)) },
        4 => header with { Beacon = Digest.Of([2]) },
        5 => header with { Beacon = default },
        6 => header with { LeafCount = header.LeafCount + (int)dice.Between(0, 1) },
        7 => header with { Clock = header.Clock with { UptimeMs = dice.Between(0, 200_000), Boot = (uint)dice.Between(1, 3) } },
        _ => header with { Root = Digest.Of([3]) },
    };

    private static ushort[] Channels(TestTruck truck, Dice dice)
    {
        ushort[] all = [.. Enumerable.Range(0, truck.NextSequence.Length).Select(i => (ushort)i)];
        ushort[] some = [.. all.Where(_ => dice.Coin())];
        return some.Length == 0 ? all : some;
    }

    /// <summary>One thing of the container is left out, doubled, exchanged or renumbered; every part of it stays as it was signed.</summary>
    private static void Bend(JsonObject bundle, Dice dice)
    {
        var batches = bundle["batches"]!.AsArray();
        var batch = batches.Count == 0 ? null : batches[(int)dice.Between(0, batches.Count - 1)]!.AsObject();
        switch (dice.Between(0, 8))
        {
            case 0 when batches.Count > 1:
                batches.RemoveAt((int)dice.Between(0, batches.Count - 1));
                break;
            case 1 when batch is not null:
                batches.Insert((int)dice.Between(0, batches.Count), batch.DeepClone());
                break;
            case 2 when batch is not null:
                batch.Remove(dice.Of<string>(["receipt", "leaves", "columns", "tree", "path"]));
                break;
            case 3 when batch is not null && batches.Count > 1:
                var other = batches[(int)dice.Between(0, batches.Count - 1)]!.AsObject();
                var name = dice.Of<string>(["receipt", "leaves", "columns", "tree", "path", "header"]);
                if (other[name] is { } part)
                {
                    batch[name] = part.DeepClone();
                }

                break;
            case 4:
                var window = bundle["window"]!.AsObject();
                var end = dice.Coin() ? "from" : "to";
                window[end] = Math.Max(0, window[end]!.GetValue<long>() + dice.Between(-400_000, 400_000));
                break;
            case 5:
                bundle["level"] = dice.Of<string>(["headers", "verdicts", "summaries", "readings"]);
                break;
            case 6:
                bundle["channels"] = new JsonArray([.. Enumerable.Range(0, (int)dice.Between(1, 3)).Select(i => (JsonNode)i)]);
                break;
            case 7 when batch is not null && batch["leaves"] is JsonArray { Count: > 0 } leaves:
                leaves.RemoveAt((int)dice.Between(0, leaves.Count - 1));
                break;
            default:
                var list = bundle[dice.Of<string>(["beacons", "manifests"])]!.AsArray();
                if (list.Count > 0)
                {
                    list.RemoveAt((int)dice.Between(0, list.Count - 1));
                }

                break;
        }
    }

    /// <summary>What opens a manifest's channels is another's, changed, renumbered, doubled, left out or too much; or a manifest that no batch names is
    /// shown, too.</summary>
    private static void BendManifests(JsonArray manifests, TestTruck truck, Dice dice)
    {
        if (manifests.Count == 0 || dice.OnceIn(6))
        {
            manifests.Add(Further(truck, dice));
            return;
        }

        var manifest = manifests[(int)dice.Between(0, manifests.Count - 1)]!.AsObject();
        var channels = truck.Manifest.Channels;
        var channel = channels[(int)dice.Between(0, channels.Length - 1)];
        if (manifest["openings"] is not JsonArray { Count: > 0 } openings || dice.OnceIn(8))
        {
            manifest["openings"] = dice.Of<JsonNode?>([null, "", new JsonArray(), new JsonObject(), new JsonArray(new JsonArray()), new JsonArray(0)])?.DeepClone();
            return;
        }

        var at = (int)dice.Between(0, openings.Count - 1);
        if (openings[at] is not JsonArray { Count: 2 } opening)
        {
            return; // Bent before.
        }

        switch (dice.Between(0, 7))
        {
            case 0:
                opening[1] = Convert.ToBase64String(channel.Open());
                break;
            case 1:
                opening[1] = Convert.ToBase64String((channel with { Low = new((int)dice.Between(-40_000, 2_000)), High = new((int)dice.Between(2_001, 60_000)) }).Open());
                break;
            case 2:
                openings.RemoveAt(at);
                break;
            case 3:
                openings.Insert((int)dice.Between(0, openings.Count), opening.DeepClone());
                break;
            case 4:
                openings.Add(new JsonArray(dice.Between(0, channels.Length), Convert.ToBase64String(channel.Open())));
                break;
            case 5:
                opening[0] = dice.Of<long>([0, 1, 2, 31, 32, 65_536, -1]);
                break;
            case 6:
                var bytes = Convert.FromBase64String(opening[1]!.GetValue<string>());
                bytes[(int)dice.Between(0, bytes.Length - 1)] ^= (byte)(1 << (int)dice.Between(0, 7));
                opening[1] = Convert.ToBase64String(bytes);
                break;
            default:
                manifest["openings"] = new JsonArray([.. openings.Reverse().Select(node => node!.DeepClone())]);
                break;
        }
    }

    /// <summary>The authority has enrolled the truck again, with other limits, or other channels.</summary>
    private static JsonObject Further(TestTruck truck, Dice dice)
    {
        var channels = truck.Manifest.Channels.Select(channel => channel with { Salt = Digest.Of([(byte)dice.Between(0, 255)]), High = new((int)dice.Between(3_000, 30_000)) })
            .Take((int)dice.Between(1, truck.Manifest.Channels.Length)).ToList();
        var again = (truck.Manifest with { FirstNumber = dice.Between(0, 4), Previous = dice.Coin() ? truck.SignedManifest.PayloadDigest : default, Channels = [.. channels] })
            .Sign("authority:test", truck.AuthorityKey);
        var json = new JsonObject
        {
            ["statement"] = Convert.ToBase64String(again.Bytes.AsSpan()),
            ["openings"] = new JsonArray([.. channels.Select((channel, i) => new JsonArray(i, Convert.ToBase64String(channel.Open())))]),
        };
        if (dice.Coin())
        {
            json["receipt"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(truck.Log(again, truck.NowMs)));
        }

        return json;
    }
}
