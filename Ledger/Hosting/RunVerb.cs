using System.CommandLine;

namespace Ledger.Hosting;

/// <summary>`ledger run`: the daemon.</summary>
internal static class RunVerb
{
    public static Command Create()
    {
        var data = new Option<string>("--data") { Description = "Data directory.", DefaultValueFactory = _ => RunOptions.DataDefault };
        var keys = new Option<string>("--keys")
        {
            Description = "Directory with log.key, clock.key and policy.json. Default: $CREDENTIALS_DIRECTORY, else DATA/keys.",
            DefaultValueFactory = _ => "",
        };
        var listen = new Option<string>("--listen")
        {
            Description = "Address of the pages; plain http only on loopback.",
            DefaultValueFactory = _ => RunOptions.ListenDefault,
        };
        var certificate = new Option<string?>("--certificate") { Description = "PEM certificate chain for https." };
        var key = new Option<string?>("--key") { Description = "PEM private key for https." };
        var clock = new Option<string?>("--clock") { Description = "File with the wall time of a replayed trip. For demonstrations." };
        var embedded = new Option<int?>("--embedded-broker") { Description = "Host an MQTT broker on this port. For demonstrations." };
        var broker = new Option<string?>("--broker") { Description = "The MQTT broker, mqtts://host:port; several with commas between." };
        var command = new Command("run", "Takes statements in, logs them and shows them, until it is stopped.")
        {
            data, keys, listen, certificate, key, clock, embedded, broker,
        };
        command.SetAction((parsed, cancellation) => LedgerHost.Run(
            new()
            {
                Data = parsed.GetValue(data)!,
                Keys = parsed.GetValue(keys)!,
                Listen = parsed.GetValue(listen)!,
                Certificate = parsed.GetValue(certificate),
                Key = parsed.GetValue(key),
                ClockFile = parsed.GetValue(clock),
                EmbeddedBroker = parsed.GetValue(embedded),
                Broker = parsed.GetValue(broker),
            },
            cancellation));
        return command;
    }
}
