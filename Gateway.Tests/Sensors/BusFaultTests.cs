using System.Device.I2c;
using Evidence;
using Sensors;
using Sensors.Emulation;

namespace Gateway.Tests.Sensors;

/// <summary>Goal: the driver's texts are understood, those of the real driver included.
/// Method: the real driver opens a missing bus.</summary>
public sealed class BusFaultTests
{
    [Theory]
    [InlineData("Error 6 (No such device or address) performing I2C data transfer.", Outcome.NoAcknowledge)]
    [InlineData("Error 121 (Remote I/O error) performing I2C data transfer.", Outcome.NoAcknowledge)]
    [InlineData("Error 5 (Input/output error) performing I2C data transfer.", Outcome.NoAcknowledge)]
    [InlineData("Error 11 (Resource temporarily unavailable) performing I2C data transfer.", Outcome.NoAcknowledge)]
    [InlineData("Error 110 (Connection timed out) performing I2C data transfer.", Outcome.Timeout)]
    [InlineData("Error 2 (No such file or directory). Can not open I2C device file '/dev/i2c-7'.", Outcome.NotPresent)]
    [InlineData("Error 13 (Permission denied). Can not open I2C device file '/dev/i2c-1'.", Outcome.NotPresent)]
    [InlineData("Error 95 (Operation not supported) performing I2C data transfer.", Outcome.NotPresent)]
    [InlineData("Error 121 performing I2C data transfer.", Outcome.NoAcknowledge)] // System.Device.Gpio before 4.1.0
    [InlineData("Error 4242 performing I2C data transfer.", Outcome.NoAcknowledge)]
    [InlineData("Error 99999999999999999999 performing I2C data transfer.", Outcome.NoAcknowledge)]
    [InlineData("The cable fell off.", Outcome.NoAcknowledge)]
    public void The_errno_in_the_text_decides(string text, Outcome expected) =>
        Assert.Equal(expected, BusFault.Classify(new IOException(text)));

    [Fact]
    public void The_emulated_driver_speaks_as_the_real_one()
    {
        var real = Assert.Throws<IOException>(() => I2cBus.Create(250).CreateDevice(0x48).ReadByte());
        Assert.Equal(DriverFault.Open(2, 250).Message, real.Message);
        Assert.Equal(2, BusFault.ErrorNumber(real));
        Assert.Equal(Outcome.NotPresent, BusFault.Classify(real));
        Assert.Equal(
            "There is no /dev/i2c-250: switch I2C on (raspi-config, Interface Options) or correct the bus number.",
            BusFault.Describe(real, 250));
    }

    [Fact]
    public void Every_outcome_has_an_advice_and_a_good_one_needs_none()
    {
        foreach (var outcome in Enum.GetValues<Outcome>())
        {
            Assert.Equal(outcome == Outcome.Measured, ProbeAdvice.For(outcome).Length == 0);
        }
    }
}
