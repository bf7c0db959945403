using System.CommandLine;

namespace Ledger.Hosting;

/// <summary>`ledger run`: the daemon.</summary>
internal static class RunVerb
{
    public static Command Create()
    {
        var config = new Option<string?>("--config") { Description = $"Settings as JSON. Default: {RunFile.PathDefault}, if it is there." };
        var data = new Option<string?>("--data") { Description = $"Data directory. Default: {RunOptions.DataDefault}." };
        var keys = new Option<string?>("--keys")
        {
            Description = "Directory with log.key, clock.key and policy.json. Default: $CREDENTIALS_DIRECTORY, else DATA/keys.",
        };
        var listen = new Option<string?>("--listen")
        {
            Description = $"Address of the pages; plain http only on loopback. Default: {RunOptions.ListenDefault}.",
        };
        var certificate = new Option<string?>("--certificate") { Description = "PEM certificate chain for https." };
        var key = new Option<string?>("--key") { Description = "PEM private key for https." };
        var clock = new Option<string?>("--clock") { Description = "File with the wall time of a replayed trip. For demonstrations." };
        var embedded = new Option<int?>("--embedded-broker") { Description = "Host an MQTT broker on this port. For demonstrations." };
        var broker = new Option<string?>("--broker") { Description = "The MQTT broker, mqtts://host:port; several with commas between." };
        var command = new Command("run", "Takes statements in, logs them and shows them, until it is stopped.")
        {
            config, data, keys, listen, certificate, key, clock, embedded, broker,
        };
        command.SetAction((parsed, cancellation) =>
        {
            var file = RunFile.Read(parsed.GetValue(config));
            return LedgerHost.Run(
                new()
                {
                    Data = parsed.GetValue(data) ?? file.Data,
                    Keys = parsed.GetValue(keys) ?? file.Keys,
                    Listen = parsed.GetValue(listen) ?? file.Listen,
                    Certificate = parsed.GetValue(certificate) ?? file.Certificate,
                    Key = parsed.GetValue(key) ?? file.Key,
                    ClockFile = parsed.GetValue(clock),
                    EmbeddedBroker = parsed.GetValue(embedded) ?? file.EmbeddedBroker,
                    KeepYears = file.KeepYears,
                    BudgetMegabytes = file.BudgetMegabytes,
                    Broker = parsed.GetValue(broker) ?? file.Broker,
                    Address = file.Address,
                    Gateways = file.Gateways,
                },
                cancellation);
        });
        return command;
    }
}
