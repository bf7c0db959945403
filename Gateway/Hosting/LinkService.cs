using Anchoring;
using Microsoft.Extensions.Hosting;

namespace Gateway.Hosting;

/// <summary>Carries bytes between the link's queues and the broker; owns no state that matters.</summary>
public sealed class LinkService(MqttLedgerLink link) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => link.Run(stoppingToken);
}
