using System.Collections.Immutable;
using System.Device.I2c;
using Evidence;
using Sensors.Chips;

namespace Sensors;

/// <summary>All probes of one I2C bus. Opens the bus at the first round, and anew after a round with trouble.</summary>
/// <remarks>Not safe for use by two threads: one reader owns it. A bus that was unbound and bound again stays dead for whoever keeps it
/// open, so it is never kept for the life of the process.</remarks>
internal sealed class ProbeBus(int number, ImmutableArray<ProbeSettings> settings, Func<int, I2cBus> openBus) : IDisposable
{
    private readonly List<IDisposable> open = [];
    private ImmutableArray<Probe> probes = [];

    /// <summary>Reads every probe once, in the order of the settings, handing each reading over as soon as it is there.</summary>
    /// <param name="moment">The round's moment.</param>
    /// <param name="take">Takes a reading; false when the round is over and no more is wanted.</param>
    /// <param name="saw">Takes the serial number of the chip that gave a reading, where it has one.</param>
    public void Read(Moment moment, Func<Reading, bool> take, Action<ChannelId, string> saw)
    {
        var trouble = false;
        try
        {
            if (open.Count == 0)
            {
                Open();
            }
        }
        catch (IOException fault)
        {
            Close();
            foreach (var probe in settings)
            {
                take(Reading.Missing(new(probe.Channel), moment, BusFault.Classify(fault)));
            }

            return;
        }

        foreach (var probe in probes)
        {
            var reading = probe.Read(moment);
            trouble |= reading.Outcome is Outcome.NoAcknowledge or Outcome.Timeout or Outcome.Implausible or Outcome.NotPresent;
            if (!take(reading))
            {
                trouble = true; // The deadline passed while this chip held the bus.
                break;
            }

            // In every round: a probe that is swapped between two of them has long converted, and nothing else tells.
            if (reading.Outcome == Outcome.Measured && probe.SerialNumber() is { } serial)
            {
                saw(reading.Channel, serial);
            }
        }

        if (trouble)
        {
            Close(); // F-06: the next round opens the bus anew.
        }
    }

    public void Dispose() => Close();

    private void Open()
    {
        var bus = Keep(openBus(number));
        var muxes = new Dictionary<int, Tca9548A>();
        probes = [.. settings.Select(probe =>
            new Probe(probe, Thermometers.Create(probe.Chip, DeviceOf(probe, bus, muxes), probe.Thermocouple)))];
    }

    private I2cDevice DeviceOf(ProbeSettings probe, I2cBus bus, Dictionary<int, Tca9548A> muxes)
    {
        if (probe is not { MuxAddress: { } muxAddress, MuxChannel: { } muxChannel })
        {
            return Keep(bus.CreateDevice(probe.Address));
        }

        if (!muxes.TryGetValue(muxAddress, out var mux))
        {
            mux = muxes[muxAddress] = Keep(new Tca9548A(bus, muxAddress));
        }

        return mux.Channel(muxChannel).CreateDevice(probe.Address);
    }

    private T Keep<T>(T resource)
        where T : IDisposable
    {
        open.Add(resource);
        return resource;
    }

    private void Close()
    {
        for (var last = open.Count - 1; last >= 0; last--)
        {
            open[last].Dispose(); // Devices before the bus they came from.
        }

        open.Clear();
        probes = [];
    }
}
