using System.Text.Json;

namespace Ledger.Hosting;

/// <summary>The ledger's settings file, JSON: data, keys, listen, certificate, key, broker, embeddedBroker, address, gateways.</summary>
/// <remarks>
/// <code>
/// {"listen":"https://0.0.0.0:443","certificate":"/etc/coldproof/web.crt","key":"/etc/coldproof/web.key","broker":"mqtts://broker:8883"}
/// </code>
/// </remarks>
internal static class RunFile
{
    /// <summary>Read when --config is not given and the file is there.</summary>
    public const string PathDefault = "/etc/coldproof/ledger.json";

    private const int LengthMax = 64 * 1024;

    /// <exception cref="ConfigurationException">Not JSON, an unknown setting, or a value of the wrong kind; or a file that was asked for
    /// is missing.</exception>
    public static RunOptions Read(string? asked)
    {
        if (asked is null && !File.Exists(PathDefault))
        {
            return new();
        }

        var path = asked ?? PathDefault;
        try
        {
            var bytes = File.ReadAllBytes(path);
            if (bytes.Length > LengthMax)
            {
                throw new ConfigurationException($"{path} has {bytes.Length} bytes; settings have at most {LengthMax}.");
            }

            using var document = JsonDocument.Parse(bytes, new()
            {
                CommentHandling = JsonCommentHandling.Skip,
                AllowDuplicateProperties = false
            });
            return document.RootElement.EnumerateObject().Aggregate(new RunOptions(), (options, setting) => With(options, setting, path));
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or JsonException or InvalidOperationException
            or FormatException)
        {
            throw new ConfigurationException($"The settings in {path} cannot be read: {fault.Message}", fault);
        }
    }

    private static RunOptions With(RunOptions options, JsonProperty setting, string path) => setting.Name switch
    {
        "data" => options with { Data = setting.Value.GetString() ?? options.Data },
        "keys" => options with { Keys = setting.Value.GetString() ?? options.Keys },
        "listen" => options with { Listen = setting.Value.GetString() ?? options.Listen },
        "certificate" => options with { Certificate = setting.Value.GetString() },
        "key" => options with { Key = setting.Value.GetString() },
        "broker" => options with { Broker = setting.Value.GetString() },
        "address" => options with { Address = setting.Value.GetString() },
        "gateways" => options with { Gateways = Readers(setting.Value.GetString(), path) },
        "keepYears" => options with { KeepYears = Whole(setting, 0, 100, path) },
        "budgetMegabytes" => options with { BudgetMegabytes = Whole(setting, 1, int.MaxValue, path) },
        "embeddedBroker" => options with { EmbeddedBroker = setting.Value.GetInt32() },
        var unknown => throw new ConfigurationException(
            $"{path} has a setting \"{unknown}\"; there are data, keys, listen, certificate, key, broker, embeddedBroker, address, gateways, keepYears and "
            + "budgetMegabytes."),
    };

    private static int Whole(JsonProperty setting, int min, int max, string path) =>
        setting.Value.ValueKind == JsonValueKind.Number && setting.Value.TryGetInt32(out var number) && number >= min && number <= max ? number
            : throw new ConfigurationException($"{path} has {setting.Name} {setting.Value.GetRawText()}; whole numbers from {min} to {max} are allowed.");

    private static GatewayReaders Readers(string? text, string path) =>
        Enum.TryParse<GatewayReaders>(text, ignoreCase: true, out var readers) && Enum.IsDefined(readers) && !char.IsAsciiDigit(text![0])
            ? readers
            : throw new ConfigurationException($"{path} has gateways \"{text}\"; there are local, everyone and nobody.");
}
