namespace Gateway.Tests.Abuse;

/// <summary>Where the programs lie that are abused: the published native gateway if there is one, otherwise the portable build.</summary>
internal static class ProgramPlaces
{
    /// <summary>The repository: the folder above this program that holds Gateway.sln.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>How the gateway is started, without its arguments.</summary>
    public static string[] Gateway { get; } = File.Exists(At("artifacts", "linux-x64", "gateway"))
        ? [At("artifacts", "linux-x64", "gateway")]
        : ["dotnet", Path.Combine(AppContext.BaseDirectory, "gateway.dll")];

    /// <summary>How the ledger is started, without its arguments.</summary>
    public static string[] Ledger { get; } = ["dotnet", Path.Combine(AppContext.BaseDirectory, "ledger.dll")];

    /// <summary>"native" or "dotnet", for reports.</summary>
    public static string GatewayKind => Gateway.Length == 1 ? "published native gateway" : "gateway on dotnet";

    public static string At(params string[] parts) => Path.Combine([Root, .. parts]);

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Gateway.sln")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException("Run it from inside the repository: Gateway.sln is in no folder above this program.");
    }
}
