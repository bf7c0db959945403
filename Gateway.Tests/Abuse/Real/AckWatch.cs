using System.Text.Json;
using Evidence;
using Gateway.Hosting;

namespace Gateway.Tests.Abuse;

/// <summary>One reading that the gateway has said to be recorded.</summary>
internal readonly record struct Acknowledged(Outcome Outcome, int? MilliCelsius);

/// <summary>Stands outside and notes what the gateway acknowledges on its status page, whatever happens to the gateway afterwards.</summary>
internal sealed class AckWatch : IAsyncDisposable
{
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(60);
    private readonly HttpClient http = new() { Timeout = TimeSpan.FromSeconds(2) };
    private readonly CancellationTokenSource stop = new();
    private readonly Lock gate = new();
    private readonly Dictionary<(int Channel, long TimeMs), Acknowledged> readings = [];
    private readonly HashSet<string> troubles = [];
    private readonly Task watching;
    private GatewayStatus? current;
    private long recorded;
    private int looks;

    public AckWatch(Uri page) => watching = Watch(page);

    /// <summary>The newest status; null while the gateway does not answer.</summary>
    public GatewayStatus? Current
    {
        get
        {
            lock (gate)
            {
                return current;
            }
        }
    }

    /// <summary>What counts from now on is what is answered from now on: a status may still be of the process that has just been killed.</summary>
    public void LookAnew()
    {
        lock (gate)
        {
            current = null;
            looks++;
        }
    }

    /// <summary>Every reading that was seen acknowledged.</summary>
    public Dictionary<(int Channel, long TimeMs), Acknowledged> Readings
    {
        get
        {
            lock (gate)
            {
                return new(readings);
            }
        }
    }

    /// <summary>Every sentence that the status ever showed a person.</summary>
    public List<string> Troubles
    {
        get
        {
            lock (gate)
            {
                return [.. troubles];
            }
        }
    }

    /// <summary>How often the count of recorded readings was seen to fall: it must never.</summary>
    public int Falls { get; private set; }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await watching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        http.Dispose();
        stop.Dispose();
    }

    private async Task Watch(Uri page)
    {
        while (!stop.IsCancellationRequested)
        {
            int asked;
            lock (gate)
            {
                asked = looks;
            }

            var status = await Ask(page);
            lock (gate)
            {
                current = asked == looks ? status : null; // An answer may have been on its way while its process was killed.
                if (status is not null)
                {
                    Note(status);
                }
            }

            await Task.Delay(Glance, TimeProvider.System, stop.Token);
        }
    }

    private void Note(GatewayStatus status)
    {
        troubles.UnionWith(status.Trouble);
        foreach (var channel in status.Channels)
        {
            if (channel.Last.Outcome != Outcome.NotSampled)
            {
                readings[(channel.Last.Channel.Value, channel.Last.Moment.WallMs)] = new(channel.Last.Outcome, channel.Last.Temperature?.Value);
            }
        }

        if (status.Recorded > 0) // 0 until the first round of a session.
        {
            Falls += status.Recorded < recorded ? 1 : 0;
            recorded = status.Recorded;
        }
    }

    private async Task<GatewayStatus?> Ask(Uri page)
    {
        try
        {
            using var answer = await http.GetAsync(page, stop.Token);
            return answer.IsSuccessStatusCode ? StatusJson.Read(await answer.Content.ReadAsStringAsync(stop.Token)) : null;
        }
        catch (Exception fault) when (fault is HttpRequestException or JsonException or IOException
            || (fault is TaskCanceledException && !stop.IsCancellationRequested))
        {
            return null; // Killed, or just starting.
        }
    }
}
