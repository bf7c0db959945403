namespace Sensors.Emulation;

/// <summary>The exceptions of System.Device.I2c's Linux driver, word for word: the error number stands only in the text.</summary>
public static class DriverFault
{
    /// <summary>A transfer failed with this errno.</summary>
    public static IOException Transfer(int errno) => new($"Error {errno} ({Text(errno)}) performing I2C data transfer.");

    /// <summary>The bus could not be opened.</summary>
    public static IOException Open(int errno, int bus) =>
        new($"Error {errno} ({Text(errno)}). Can not open I2C device file '/dev/i2c-{bus}'.");

    private static string Text(int errno) => errno switch
    {
        2 => "No such file or directory",
        5 => "Input/output error",
        6 => "No such device or address",
        11 => "Resource temporarily unavailable",
        13 => "Permission denied",
        95 => "Operation not supported",
        110 => "Connection timed out",
        121 => "Remote I/O error",
        _ => "Unknown error",
    };
}
