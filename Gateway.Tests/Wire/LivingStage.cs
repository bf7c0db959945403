namespace Gateway.Tests.Wire;

/// <summary>A ledger, a real mosquitto, and a truck that lives one life after the other.</summary>
internal sealed class LivingStage : IAsyncDisposable
{
    private LivingStage(Fleet fleet, Mosquitto broker, int patienceSeconds) =>
        (Fleet, Broker, Truck) = (fleet, broker, new(fleet, broker.Port) { PatienceSeconds = patienceSeconds });

    public Fleet Fleet { get; }

    public Mosquitto Broker { get; }

    /// <summary>Enrolled, and not started.</summary>
    public LivingTruck Truck { get; }

    /// <summary>The broker runs; the ledger is not there yet.</summary>
    /// <param name="patienceSeconds">How long the truck's signing waits for the ledger's word.</param>
    /// <param name="namesSessions">As for <see cref="Mosquitto"/>.</param>
    public static async Task<LivingStage> Begin(int patienceSeconds = LivingTruck.WeekSeconds, bool namesSessions = true)
    {
        var fleet = new Fleet();
        var broker = new Mosquitto(fleet, namesSessions: namesSessions);
        await broker.Start();
        return new(fleet, broker, patienceSeconds);
    }

    /// <summary>The ledger takes part.</summary>
    public Task Listen() => Fleet.Listen(Broker.Port);

    public async ValueTask DisposeAsync()
    {
        Truck.Dispose();
        await Broker.DisposeAsync();
        await Fleet.DisposeAsync();
    }
}
