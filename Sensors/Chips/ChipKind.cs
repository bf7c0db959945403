namespace Sensors.Chips;

/// <summary>Which chip is configured at an address.</summary>
public enum ChipKind
{
    /// <summary>Not configured. The default: an unnamed chip is a configuration error, never a guess.</summary>
    Unknown = 0,

    /// <summary>Texas Instruments TMP117 (TMP119 is compatible), 7.8125 m°C a code.</summary>
    Tmp117,

    /// <summary>Texas Instruments TMP1075, 62.5 m°C a code.</summary>
    Tmp1075,

    /// <summary>LM75 and LM75A/B: no identity register; its configuration register is never written.</summary>
    Lm75,

    /// <summary>TMP105, TMP75, TMP175: an LM75 with a settable resolution, which is set to 12 bits.</summary>
    Tmp105,

    /// <summary>Microchip MCP9808, 62.5 m°C a code.</summary>
    Mcp9808,

    /// <summary>Sensirion SHT40, SHT41, SHT43, SHT45, with a check sum.</summary>
    Sht4x,

    /// <summary>Microchip MCP9600 and MCP9601 with a thermocouple, for the ultra-cold.</summary>
    Mcp9600,
}

/// <summary>The pair of metals of a thermocouple; the numbers are those of the MCP9600's sensor configuration register.</summary>
public enum ThermocoupleType
{
    /// <summary>−200 to +1,372 °C; the chip's state at power-up, and the default.</summary>
    K = 0,

    /// <summary>−150 to +1,200 °C.</summary>
    J = 1,

    /// <summary>−200 to +400 °C: the usual choice for freezers and dry ice.</summary>
    T = 2,

    /// <summary>−150 to +1,300 °C.</summary>
    N = 3,

    /// <summary>−200 to +1,000 °C.</summary>
    E = 5,
}
