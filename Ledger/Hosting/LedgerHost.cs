using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Evidence;
using Ledger.Links;
using Ledger.Pages;
using Ledger.Wire;

namespace Ledger.Hosting;

/// <summary>The composition: one opened ledger, its services and its pages in one ASP.NET host.</summary>
public static partial class LedgerHost
{
    /// <summary>Runs until cancelled or stopped by a signal.</summary>
    /// <returns>0 after an orderly stop, 1 when an invariant broke, a part failed, or nothing can listen at the address.</returns>
    /// <exception cref="ConfigurationException">It cannot run as configured.</exception>
    /// <param name="more">Parts beside the ledger's own; null for none.</param>
    public static async Task<int> Run(RunOptions options, CancellationToken cancellation, Action<IServiceCollection>? more = null)
    {
        await using var app = await Build(options, more);
        var log = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger(nameof(LedgerHost));
        var watch = app.Services.GetRequiredService<LedgerWatch>();
        var parts = app.Services.GetServices<IHostedService>().OfType<BackgroundService>().ToList();
        bool HasFailed(BackgroundService part) => part.ExecuteTask is { IsFaulted: true };
        try
        {
            await app.StartAsync(cancellation);
            await app.WaitForShutdownAsync(cancellation);
        }
        catch (Exception) when (parts.Any(HasFailed))
        {
            // A part that fails ends the host wherever that stands, in its start, too; the fault itself is told below.
        }
        catch (Exception fault) when (fault.GetBaseException() is SocketException refused)
        {
            await Console.Error.WriteLineAsync($"The ledger cannot listen: {refused.Message}. Its pages are to be at {options.Listen}"
                + $"{(options.EmbeddedBroker is { } port ? $", its broker at port {port}" : "")}. `ss -ltnp` shows who has a port; stop that program, or choose another address.");
            return ExitCode.NotDone;
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested || app.Lifetime.ApplicationStopping.IsCancellationRequested)
        {
            // Told to stop while it started: nothing was taken in yet.
        }

        foreach (var part in parts.Where(HasFailed))
        {
            PartFailed(log, part.GetType().Name, part.ExecuteTask!.Exception!.InnerException);
        }

        return watch.IsBroken || parts.Any(HasFailed) ? ExitCode.NotDone : ExitCode.Done;
    }

    /// <summary>Opens the ledger and puts the host together; the caller starts it. Disposing the host closes the ledger.</summary>
    /// <param name="more">Parts beside the ledger's own; null for none.</param>
    public static async Task<WebApplication> Build(RunOptions options, Action<IServiceCollection>? more = null)
    {
        var listen = options.ListenUri();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Logging.AddSimpleConsole(console => console.SingleLine = true);
        builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning).AddFilter("Microsoft.EntityFrameworkCore", LogLevel.Warning);
        // What the host says of a failed start or part, with its stack, Run says in words or with event 2104.
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None);
        builder.Services.AddSystemd();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = 0; // Everything here is read; statements come over MQTT.
            ListenOn(kestrel, listen, options);
        });
        // The core is made before the host so that a wrong directory or key is one line and exit code 78, not a stack trace.
        using var startLogs = LoggerFactory.Create(logging => logging.AddSimpleConsole(console => console.SingleLine = true));
        TimeProvider clock = options.ClockFile is { } file ? new FileClock(file) : TimeProvider.System;
        var core = LedgerCore.Open(options.Data, options.KeysDirectory(), clock, startLogs);
        try
        {
            builder.Services.AddSingleton(_ => core);
            builder.Services.AddSingleton(options);
            builder.Services.AddSingleton(clock);
            builder.Services.AddSingleton<EvidenceDesk>();
            builder.Services.AddHttpContextAccessor();
            builder.Services.AddSingleton(services => new LinkUses(core.Links, clock, TimeProvider.System, services.GetRequiredService<ILogger<LinkUses>>()));
            builder.Services.AddSingleton<LinkOffice>();
            builder.Services.AddScoped<LinkVisit>();
            builder.Services.AddHostedService<LinkSocket>();
            builder.Services.AddHostedService<LinkUsesTurn>();
            builder.Services.AddHostedService<Retention.KeepingTurn>();
            builder.Services.AddSingleton<LedgerWatch>();
            builder.Services.AddHostedService(services => services.GetRequiredService<LedgerWatch>());
            more?.Invoke(builder.Services);
            if (options.EmbeddedBroker is null && options.Broker is null)
            {
                NoBroker(startLogs.CreateLogger(nameof(LedgerHost)));
            }
            else
            {
                builder.Services.AddWire(WireOf(options), services => services.GetRequiredService<LedgerCore>().Intake.Accept);
            }

            var app = builder.Build();
            _ = app.Services.GetRequiredService<LedgerCore>(); // Made here, the container disposes it even when the host never starts.
            app.UseHeadRequests();
            app.MapHealth();
            app.MapLog();
            app.MapLinks();
            app.MapPages();
            app.MapReleases();
            return app;
        }
        catch
        {
            await core.DisposeAsync();
            throw;
        }
    }

    private static WireOptions WireOf(RunOptions options)
    {
        try
        {
            return new()
            {
                Brokers = options.Broker is { } broker ? [.. broker.Split(',').Select(BrokerAddress.Parse)] : [],
                Keys = options.KeysDirectory(),
                EmbeddedPort = options.EmbeddedBroker,
            };
        }
        catch (MalformedEvidenceException fault)
        {
            throw new ConfigurationException($"--broker: {fault.Message}", fault);
        }
    }

    private static void ListenOn(Microsoft.AspNetCore.Server.Kestrel.Core.KestrelServerOptions kestrel, Uri listen, RunOptions options)
    {
        void Secured(Microsoft.AspNetCore.Server.Kestrel.Core.ListenOptions endpoint)
        {
            if (listen.Scheme == "https")
            {
                endpoint.UseHttps(Certificate(options));
            }
        }

        if (System.Net.IPAddress.TryParse(listen.Host.Trim('[', ']'), out var address))
        {
            kestrel.Listen(address, listen.Port, Secured);
        }
        else if (listen.IsLoopback)
        {
            kestrel.ListenLocalhost(listen.Port, Secured);
        }
        else
        {
            throw new ConfigurationException($"--listen {listen}: give the address of an interface, not a name; 0.0.0.0 for all of them.");
        }
    }

    private static X509Certificate2 Certificate(RunOptions options)
    {
        try
        {
            return X509Certificate2.CreateFromPemFile(options.Certificate!, options.Key);
        }
        catch (Exception fault) when (fault is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException($"The certificate {options.Certificate} with key {options.Key} cannot be used: "
                + $"{fault.Message}", fault);
        }
    }

    [LoggerMessage(2103, LogLevel.Warning, "No broker is given: this ledger shows what it has and takes nothing in. See --broker.")]
    private static partial void NoBroker(ILogger log);

    [LoggerMessage(2104, LogLevel.Critical, "The ledger stopped because a part of it failed: {Part}.")]
    private static partial void PartFailed(ILogger log, string part, Exception? fault);
}
