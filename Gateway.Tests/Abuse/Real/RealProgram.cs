using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Gateway.Tests.Abuse;

/// <summary>What a program that ran to its end left.</summary>
internal sealed record RunResult(int Code, string Said)
{
    public override string ToString() => $"exit {Code}: {Said}";
}

/// <summary>One real process of ours, ended by its own id only; what it says goes to a file that outlives it.</summary>
internal sealed partial class RealProgram : IDisposable
{
    private const int SigTerm = 15;
    private readonly Process process;
    private readonly string logFile;
    private readonly long saidFrom;
    private bool isDisposed;

    private RealProgram(string name, Process process, string logFile, long saidFrom)
    {
        (Name, this.process, this.logFile, this.saidFrom) = (name, process, logFile, saidFrom);
        Id = process.Id;
    }

    public string Name { get; }

    public int Id { get; }

    public bool HasEnded => isDisposed || process.HasExited;

    /// <summary>Exit code; 128 + signal when a signal ended it.</summary>
    public int ExitCode => process.ExitCode;

    /// <summary>All that this process has said so far.</summary>
    public string Said
    {
        get
        {
            using var file = new FileStream(logFile, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            file.Seek(saidFrom, SeekOrigin.Begin);
            using var reader = new StreamReader(file);
            return reader.ReadToEnd();
        }
    }

    /// <summary>Starts it and returns at once.</summary>
    /// <param name="command">The program and all its arguments. A leading strace -D leaves the program itself the child.</param>
    public static RealProgram Start(string name, IEnumerable<string> command, string logFile,
        params (string Name, string Value)[] environment)
    {
        // The shell only opens the log and becomes the program: its process id is the program's.
        var start = new ProcessStartInfo("/bin/sh", ["-c", "exec \"$@\" >>\"$0\" 2>&1 </dev/null", logFile, .. command])
        {
            WorkingDirectory = Path.GetTempPath(),
        };
        foreach (var (variable, value) in environment)
        {
            start.Environment[variable] = value;
        }

        var from = File.Exists(logFile) ? new FileInfo(logFile).Length : 0;
        if (from == 0)
        {
            File.WriteAllText(logFile, "");
        }

        try
        {
            return new(name, Process.Start(start)!, logFile, from);
        }
        catch (Win32Exception fault)
        {
            throw new InvalidOperationException($"{name} does not start: {fault.Message}", fault);
        }
    }

    /// <summary>Runs a program to its end.</summary>
    public static async Task<RunResult> Run(string name, IEnumerable<string> command, string logFile, TimeSpan patience)
    {
        using var program = Start(name, command, logFile);
        if (!await program.Ended(patience))
        {
            await program.Kill();
            return new(-1, $"{name} did not end within {patience.TotalSeconds:0} s. {program.Said}");
        }

        return new(program.ExitCode, program.Said);
    }

    /// <summary>SIGKILL: no goodbye, nothing saved.</summary>
    public async Task Kill()
    {
        process.Kill(); // This one process id, nobody else.
        await process.WaitForExitAsync();
    }

    /// <summary>SIGTERM, then patience for an orderly end.</summary>
    /// <returns>False when it had to be killed after all.</returns>
    public async Task<bool> Terminate(TimeSpan patience)
    {
        if (process.HasExited)
        {
            return true;
        }

        _ = kill(Id, SigTerm);
        if (await Ended(patience))
        {
            return true;
        }

        await Kill();
        return false;
    }

    /// <summary>Waits for its end.</summary>
    /// <returns>False when it still runs.</returns>
    public async Task<bool> Ended(TimeSpan patience)
    {
        using var enough = new CancellationTokenSource(patience);
        try
        {
            await process.WaitForExitAsync(enough.Token);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    public void Dispose()
    {
        if (isDisposed)
        {
            return;
        }

        isDisposed = true;
        if (!process.HasExited)
        {
            process.Kill();
            process.WaitForExit();
        }

        process.Dispose();
    }

    [LibraryImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int kill(int pid, int signal);
}
