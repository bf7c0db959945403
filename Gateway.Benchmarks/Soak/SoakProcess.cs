using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Gateway.Benchmarks;

/// <summary>One program of the soak, started and ended by its own process id; what it prints is kept in a file.</summary>
internal sealed partial class SoakProcess : IDisposable
{
    private const int Terminate = 15;
    private readonly Process process;
    private readonly StreamWriter log;
    private readonly Lock gate = new();

    private SoakProcess(Process process, string logFile)
    {
        (this.process, Id) = (process, process.Id);
        log = new(logFile, append: true) { AutoFlush = true };
        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public int Id { get; }

    public bool HasEnded => process.HasExited;

    public static SoakProcess Start(string program, string home, string logFile, IEnumerable<string> arguments,
        params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = home,
        };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return new(Process.Start(start)!, logFile);
    }

    /// <summary>Runs a program to its end.</summary>
    /// <returns>Its exit code and all that it printed.</returns>
    public static (int Code, string Said) RunToEnd(string program, string home, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = home,
        };
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var said = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, said + error.GetAwaiter().GetResult());
    }

    /// <summary>SIGKILL, as a power cut looks to a process.</summary>
    public void Kill()
    {
        process.Kill();
        process.WaitForExit();
    }

    /// <summary>SIGTERM, and patience for an orderly end.</summary>
    /// <returns>Its exit code; null when it had to be killed.</returns>
    public int? End(TimeSpan patience)
    {
        _ = kill(Id, Terminate);
        if (process.WaitForExit(patience))
        {
            return process.ExitCode;
        }

        Kill();
        return null;
    }

    public void Dispose()
    {
        if (!process.HasExited)
        {
            Kill();
        }

        process.Dispose();
        lock (gate)
        {
            log.Dispose();
        }
    }

    private void Keep(string? line)
    {
        if (line is null)
        {
            return;
        }

        lock (gate)
        {
            if (log.BaseStream is { CanWrite: true })
            {
                log.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Id} {line}"));
            }
        }
    }

    [LibraryImport("libc")]
    private static partial int kill(int process, int signal);
}
