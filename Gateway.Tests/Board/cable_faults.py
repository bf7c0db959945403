"""Adds three switches to Linux's i2c-versatile driver: a data line that is open, a data line or a clock line that is held low."""
import sys

path = sys.argv[1]
source = open(path).read()
CHANGES = [
    ("struct i2c_versatile {",
     "static bool open_sda, stuck_sda, stuck_scl;\n"
     "module_param(open_sda, bool, 0644);\nmodule_param(stuck_sda, bool, 0644);\nmodule_param(stuck_scl, bool, 0644);\n\n"
     "struct i2c_versatile {"),
    ("\treturn !!(readl(i2c->base + I2C_CONTROL) & SDA);",
     "\tif (open_sda)\n\t\treturn 1;\n\tif (stuck_sda)\n\t\treturn 0;\n\treturn !!(readl(i2c->base + I2C_CONTROL) & SDA);"),
    ("\treturn !!(readl(i2c->base + I2C_CONTROL) & SCL);",
     "\tif (stuck_scl)\n\t\treturn 0;\n\treturn !!(readl(i2c->base + I2C_CONTROL) & SCL);"),
    ("\twritel(SDA, i2c->base + (state", "\tstate = stuck_sda ? 0 : open_sda ? 1 : state;\n\twritel(SDA, i2c->base + (state"),
    ("\twritel(SCL, i2c->base + (state", "\tstate = stuck_scl ? 0 : state;\n\twritel(SCL, i2c->base + (state"),
]
for old, new in CHANGES:
    if source.count(old) != 1:
        sys.exit(f"{path}: expected once, found {source.count(old)} times: {old!r}; the driver has changed, read it again")
    source = source.replace(old, new)
open(path, "w").write(source)
