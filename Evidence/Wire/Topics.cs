namespace Evidence;

/// <summary>The names of the MQTT topics. A broker's access rules hold each gateway to its own (systemd/mosquitto).</summary>
public static class Topics
{
    /// <summary>What the ledger subscribes to: every gateway's statements.</summary>
    public const string AllUp = "coldproof/v1/+/up";

    /// <summary>What the ledger subscribes to: who is connected.</summary>
    public const string AllStates = "coldproof/v1/+/state";

    /// <summary>A gateway's <see cref="Uplink"/> messages.</summary>
    public static string Up(GatewayId gateway) => $"coldproof/v1/{gateway}/up";

    /// <summary>The ledger's <see cref="Downlink"/> messages to a gateway.</summary>
    public static string Down(GatewayId gateway) => $"coldproof/v1/{gateway}/down";

    /// <summary>"online" or "offline", retained; the latter is the gateway's will.</summary>
    public static string State(GatewayId gateway) => $"coldproof/v1/{gateway}/state";

    /// <summary>Whose topic this is; null when it is none of ours.</summary>
    public static GatewayId? GatewayOf(string topic) =>
        topic.Split('/') is ["coldproof", "v1", var name, _] && Guid.TryParseExact(name, "D", out var id) ? new(id) : null;
}
