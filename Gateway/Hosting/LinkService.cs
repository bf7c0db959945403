using Anchoring;
using Microsoft.Extensions.Hosting;

namespace Gateway.Hosting;

/// <summary>Carries bytes between the link's queues and the broker; owns no state that matters.</summary>
public sealed class LinkService(MqttLedgerLink link) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await link.Run(stoppingToken);
        }
        catch (Exception fault) when (LastWords.AreFor(fault))
        {
            LastWords.End(); // Or the gateway would record on and deliver nothing any more.
        }
    }
}
