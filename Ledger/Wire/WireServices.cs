using System.Collections.Immutable;
using Evidence;
using Ledger.Hosting;

namespace Ledger.Wire;

/// <summary>Puts the wire into the ledger's host.</summary>
public static class WireServices
{
    private static readonly ImmutableArray<string> LoopbackNames = ["127.0.0.1", "localhost"];

    /// <summary>Adds the embedded broker, if one is asked for, one intake for each broker, and a <see cref="PresenceBook"/>.</summary>
    /// <param name="accept">Where the uplinks go, taken from the services when the host starts.</param>
    /// <exception cref="ConfigurationException">A certificate is missing, or plain TCP is not allowed.</exception>
    public static IServiceCollection AddWire(this IServiceCollection services, WireOptions options, Func<IServiceProvider,
        AcceptUplink> accept)
    {
        if (options.Brokers.FirstOrDefault(broker => !broker.Tls) is { } plain && !options.AllowPlainTcp)
        {
            throw new ConfigurationException($"{plain} is plain TCP, which anyone on the way can read and cut. Use mqtts://, or allow "
                + $"plain TCP explicitly.");
        }

        services.AddSingleton(_ => new PresenceBook(TimeProvider.System));
        if (options.Brokers.IsEmpty && options.EmbeddedPort is null)
        {
            return services; // A ledger that only shows what it has needs no certificate.
        }

        var keys = WireKeys.Read(options.Keys, options.EmbeddedPort is not null);
        services.AddSingleton(_ => keys);
        var brokers = options.Brokers;
        if (options.EmbeddedPort is { } port)
        {
            var host = LoopbackNames.FirstOrDefault(name => keys.Server!.MatchesHostname(name, allowWildcards: false,
                allowCommonName: false))
                ?? throw new ConfigurationException(
                    $"The certificate server.crt in {options.Keys} holds neither for 127.0.0.1 nor for localhost, where the ledger "
                        + $"itself connects. Give --host 127.0.0.1 to `ledger authority init`.");
            brokers = brokers.Add(new(host, port, true));
            services.AddSingleton<IHostedService>(given => new EmbeddedBroker(options, given.GetRequiredService<WireKeys>(),
                TimeProvider.System,
                given.GetRequiredService<ILogger<EmbeddedBroker>>()));
        }

        foreach (var broker in brokers)
        {
            services.AddSingleton(given => new MqttIntake(options, broker, given.GetRequiredService<WireKeys>(), accept(given),
                given.GetRequiredService<PresenceBook>(), TimeProvider.System, given.GetRequiredService<ILogger<MqttIntake>>()));
        }

        if (!brokers.IsEmpty)
        {
            services.AddSingleton<IHostedService>(given => new MqttIntakes([.. given.GetServices<MqttIntake>()]));
        }

        return services;
    }
}

/// <summary>All intakes as one service, so that each is made once and can be asked for its state.</summary>
internal sealed class MqttIntakes(ImmutableArray<MqttIntake> intakes) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        foreach (var intake in intakes)
        {
            await intake.StartAsync(stoppingToken).ConfigureAwait(false);
        }

        // An intake that fails ends this service, and with that the host: a ledger that cannot log must not look alive.
        await await Task.WhenAny(intakes.Select(intake => intake.ExecuteTask!)).ConfigureAwait(false);
        await Task.WhenAll(intakes.Select(intake => intake.ExecuteTask!)).ConfigureAwait(false);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await Task.WhenAll(intakes.Select(intake => intake.StopAsync(cancellationToken))).ConfigureAwait(false);
        await base.StopAsync(cancellationToken).ConfigureAwait(false);
    }
}
