using Evidence;
using Sensors;
using Sensors.Chips;
using Sensors.Emulation;

namespace Gateway.Tests.Sensors;

/// <summary>Goal: behind a switch, no probe ever gives another probe's temperature. Method: a probe at 5 °C and one at −20 °C with the same
/// address on two channels; a widespread driver gives −20 °C for the first after a glitch.</summary>
public sealed class MuxTests : IDisposable
{
    private readonly EmulatedBus bus = new();
    private readonly EmulatedTca9548A wire = new();
    private readonly EmulatedTmp117 chilled = new(), frozen = new();
    private readonly Tca9548A mux;
    private readonly Tmp117 first, second;

    public MuxTests()
    {
        bus.Attach(wire);
        wire.Attach(0, chilled);
        wire.Attach(1, frozen);
        chilled.FinishConversion(5_000);
        frozen.FinishConversion(-20_000);
        mux = new(bus.Open(1), wire.Address);
        first = new(mux.Channel(0).CreateDevice(0x48));
        second = new(mux.Channel(1).CreateDevice(0x48));
    }

    public void Dispose()
    {
        mux.Dispose();
        bus.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public void Two_probes_with_one_address_are_read_apart_and_the_switch_is_off_afterwards()
    {
        Assert.Equal(new Sample(Outcome.Measured, 640), first.Read());
        Assert.Equal(new Sample(Outcome.Measured, -2_560), second.Read());
        Assert.Equal(new Sample(Outcome.Measured, 640), first.Read());
        Assert.Equal(0, wire.Selected);
        Assert.Equal(["W 01", "R 1", "R 1", "W 00"], wire.Transcript.TakeLast(4));
    }

    /// <summary>F-05.</summary>
    [Fact]
    public void A_switch_that_glitched_between_two_rounds_changes_nothing()
    {
        Assert.Equal(640, first.Read().Code);
        wire.Selected = 0b10;
        Assert.Equal(new Sample(Outcome.Measured, 640), first.Read());
        wire.PowerUp();
        Assert.Equal(new Sample(Outcome.Measured, 640), first.Read());
    }

    /// <summary>F-05: the register may change right after it was written, or after it was read back.</summary>
    [Theory]
    [InlineData(0b10)]
    [InlineData(0b11)]
    [InlineData(0b00)]
    public void A_switch_that_glitches_at_any_transfer_of_a_round_never_gives_the_other_probe(byte glitch)
    {
        var good = 0;
        for (var sound = 0; sound < 20; sound++)
        {
            var left = sound;
            bus.BeforeTransfer = () => wire.Selected = left-- == 0 ? glitch : wire.Selected;
            var sample = first.Read();
            Assert.Contains(sample.Outcome, (Outcome[])[Outcome.Measured, Outcome.Implausible, Outcome.NoAcknowledge]);
            Assert.Equal(sample.Outcome == Outcome.Measured ? 640 : 0, sample.Code);
            good += sample.Outcome == Outcome.Measured ? 1 : 0;

            bus.BeforeTransfer = null;
            Assert.Equal(new Sample(Outcome.Measured, 640), first.Read()); // The next round is sound again.
        }

        Assert.InRange(good, 5, 19); // Some glitches hit between transactions and are harmless; some must have been seen.
    }

    [Fact]
    public void A_switch_that_does_not_take_the_channel_is_implausible_and_says_so()
    {
        wire.AfterSelect = () => wire.Selected = 0xFF;
        Assert.Equal(new Sample(Outcome.Implausible, 0), first.Read());
        var fault = Assert.Throws<MuxFaultException>(() => mux.Channel(0).CreateDevice(0x48).ReadByte());
        Assert.StartsWith("The switch at 0x70 held 0xFF, not 0x01, before the transfer", fault.Message, StringComparison.Ordinal);
        Assert.Equal(fault.Message, BusFault.Describe(fault, bus: 1));
    }

    [Fact]
    public void A_failed_transfer_behind_the_switch_switches_it_off()
    {
        chilled.FailsWith = 121;
        Assert.Equal(Outcome.NoAcknowledge, first.Read().Outcome);
        Assert.Equal(0, wire.Selected);
        Assert.Equal(new Sample(Outcome.Measured, -2_560), second.Read());
    }

    [Fact]
    public void A_switch_that_is_missing_is_no_answer()
    {
        bus.Detach(wire);
        Assert.Equal(Outcome.NoAcknowledge, first.Read().Outcome);
    }

    [Fact]
    public void A_switch_is_recognised_and_a_thermometer_is_not_taken_for_one()
    {
        Assert.True(mux.Identify());
        bus.Attach(new EmulatedTmp117(0x71));
        using var other = new Tca9548A(bus.Open(1), 0x71);
        Assert.False(other.Identify());
        bus.Line = LineFault.DataLow;
        Assert.False(mux.Identify());
    }
}
