using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Gateway.Tests.House;

namespace Gateway.Tests.Board;

/// <summary>A 64-bit ARM computer in QEMU with Debian's own kernel: a TMP105 at 0x48 on /dev/i2c-0, a cable whose faults are switches of the
/// bus driver, and a shell to run commands in. README.md in this folder tells what it is made of.</summary>
public sealed class EmulatedBoard : IAsyncDisposable
{
    private const string EndMark = "=42=";
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("coldproof-board-");
    private readonly StringBuilder console = new();
    private readonly Socket shell = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly Socket control = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private StreamReader? answers;
    private Process? machine;

    private EmulatedBoard()
    {
    }

    /// <summary>Builds the board where it is not built yet, puts the files of a folder into /app, and waits until the bus is there.</summary>
    public static async Task<EmulatedBoard> Boot(string application)
    {
        var board = new EmulatedBoard();
        try
        {
            await board.Start(application);
            return board;
        }
        catch
        {
            await board.DisposeAsync();
            throw;
        }
    }

    /// <summary>Sets what the sensor measures from now on. The chip keeps nine bits: half a degree.</summary>
    public async Task SetTemperature(int milliCelsius) =>
        await Control("qom-set", string.Create(CultureInfo.InvariantCulture,
            $$"""{"path":"/machine/peripheral/t0","property":"temperature","value":{{milliCelsius}}}"""));

    /// <summary>Breaks or mends the cable: <c>open_sda</c> (pulled), <c>stuck_sda</c> or <c>stuck_scl</c> (shorted to ground).</summary>
    public async Task SetFault(string name, bool isBroken) =>
        Assert.Equal("", await Run($"echo {(isBroken ? 1 : 0)} >/sys/module/i2c_versatile/parameters/{name}"));

    /// <summary>Runs a line in the board's shell and gives what it printed, both streams.</summary>
    public async Task<string> Run(string command)
    {
        using var patience = Patience(seconds: 300);
        // The mark is computed there, so that an echo of the command is not taken for its end.
        await shell.SendAsync(Encoding.UTF8.GetBytes($"{command}; echo \"=$((40+2))=\"\n"), patience.Token);
        var text = new StringBuilder();
        var buffer = new byte[4096];
        while (!text.ToString().Contains(EndMark, StringComparison.Ordinal))
        {
            var count = await shell.ReceiveAsync(buffer, patience.Token);
            Assert.True(count > 0, $"The board's shell has closed. {Console()}");
            text.Append(Encoding.UTF8.GetString(buffer, 0, count));
        }

        return text.Replace(EndMark, "").ToString().Trim();
    }

    public async ValueTask DisposeAsync()
    {
        shell.Dispose();
        answers?.Dispose();
        control.Dispose();
        if (machine is not null)
        {
            Tool.Stop(machine);
            machine.Dispose();
        }

        folder.Delete(recursive: true);
        await Task.CompletedTask;
    }

    private async Task Start(string application)
    {
        var built = await Tool.Run("bash", "bash", [Repository.At("Gateway.Tests", "Board", "setup.sh")]);
        Assert.True(built.ExitCode == 0, built.ToString());
        var parts = built.Output.Trim();
        await MakeImage(Path.Combine(parts, "base.cpio"), application);

        var now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        machine = Tool.Start("qemu-system-arm", "qemu-system-aarch64",
        [
            "-M", "vexpress-a15,secure=off,virtualization=off", "-cpu", "cortex-a57", "-m", "1G", "-nodefaults", "-display", "none", "-audiodev", "none,id=none",
            "-kernel", Path.Combine(parts, "kernel"), "-initrd", In("image.cpio"), "-dtb", Path.Combine(parts, "board.dtb"),
            "-append", string.Create(CultureInfo.InvariantCulture, $"console=ttyAMA0 quiet panic=-1 board.now={now}"),
            "-serial", "stdio", "-serial", $"unix:{In("shell")},server=on,wait=off", "-qmp", $"unix:{In("control")},server=on,wait=off",
            "-device", "tmp105,id=t0,bus=i2c,address=0x48",
        ]);
        machine.ErrorDataReceived += (_, line) => Keep(line.Data);
        machine.BeginErrorReadLine();
        await WaitForBus(machine);
        await shell.ConnectAsync(new UnixDomainSocketEndPoint(In("shell")), TestContext.Current.CancellationToken);
        await control.ConnectAsync(new UnixDomainSocketEndPoint(In("control")), TestContext.Current.CancellationToken);
        answers = new(new NetworkStream(control));
        await answers.ReadLineAsync(TestContext.Current.CancellationToken);
        await Control("qmp_capabilities", "{}");
    }

    /// <summary>The kernel unpacks one archive after the other: the board's own files, then ours.</summary>
    private async Task MakeImage(string baseArchive, string application)
    {
        var packed = await Tool.Run("cpio", "sh",
            ["-c", "mkdir \"$1/root\" && cp -r \"$2\" \"$1/root/app\" && cd \"$1/root\" && find . | cpio -o -H newc --quiet >../app.cpio && cat \"$3\" ../app.cpio >../image.cpio",
            "sh", folder.FullName, application, baseArchive]);
        Assert.True(packed.ExitCode == 0, packed.ToString());
    }

    private async Task WaitForBus(Process process)
    {
        var isUp = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        process.OutputDataReceived += (_, line) =>
        {
            Keep(line.Data);
            if (line.Data is null || line.Data.Contains("BOARD up", StringComparison.Ordinal))
            {
                isUp.TrySetResult(line.Data ?? "the machine ended");
            }
        };
        process.BeginOutputReadLine();
        using var patience = Patience(seconds: 480);
        var said = await isUp.Task.WaitAsync(patience.Token);
        Assert.True(said.Contains("i2c-0", StringComparison.Ordinal), $"The emulated board has no bus: {said}. {Console()}");
    }

    private async Task Control(string command, string arguments)
    {
        using var patience = Patience(seconds: 180);
        await control.SendAsync(Encoding.UTF8.GetBytes($$"""{"execute":"{{command}}","arguments":{{arguments}}}""" + "\n"), patience.Token);
        while (true)
        {
            var line = await answers!.ReadLineAsync(patience.Token);
            Assert.NotNull(line);
            using var answer = JsonDocument.Parse(line);
            if (!answer.RootElement.TryGetProperty("event", out _))
            {
                Assert.True(answer.RootElement.TryGetProperty("return", out _), line);
                return;
            }
        }
    }

    private static CancellationTokenSource Patience(int seconds)
    {
        var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(TimeSpan.FromSeconds(seconds));
        return patience;
    }

    private string Console()
    {
        lock (console)
        {
            return $"Its console: {console}";
        }
    }

    private void Keep(string? line)
    {
        lock (console)
        {
            console.AppendLine(line);
        }
    }

    private string In(string file) => Path.Combine(folder.FullName, file);
}
