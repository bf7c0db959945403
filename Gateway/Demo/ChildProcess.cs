using System.Diagnostics;
using System.Runtime.InteropServices;
using Gateway.Verbs;

namespace Gateway.Demo;

/// <summary>One real program, started and ended by its own process id; what it prints goes to a file.</summary>
internal sealed partial class ChildProcess : IDisposable
{
    private const int Terminate = 15;
    private readonly Process process;
    private readonly StreamWriter log;
    private readonly Lock gate = new();
    private bool isDisposed;

    private ChildProcess(string name, Process process, StreamWriter log, string logFile)
    {
        Name = name;
        this.process = process;
        this.log = log;
        LogFile = logFile;
        Id = process.Id;
    }

    public string Name { get; }

    public string LogFile { get; }

    public int Id { get; }

    public bool HasEnded => process.HasExited;

    public int ExitCode => process.ExitCode;

    /// <summary>Starts a program and returns at once.</summary>
    public static ChildProcess Start(string name, ProgramFile program, IEnumerable<string> arguments, string logFile)
    {
        var start = new ProcessStartInfo(program.File)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true
        };
        foreach (var argument in program.Arguments.Concat(arguments))
        {
            start.ArgumentList.Add(argument);
        }

        var log = new StreamWriter(logFile, append: true) { AutoFlush = true };
        Process process;
        try
        {
            process = Process.Start(start) ?? throw new VerbException($"{program.File} did not start; is it a program for this machine?");
        }
        catch (System.ComponentModel.Win32Exception fault)
        {
            log.Dispose();
            throw new VerbException($"{program.File} does not start: {fault.Message}. Check that it may be executed.", fault);
        }

        process.StandardInput.Close();
        var child = new ChildProcess(name, process, log, logFile);
        process.OutputDataReceived += (_, line) => child.Keep(line.Data);
        process.ErrorDataReceived += (_, line) => child.Keep(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return child;
    }

    /// <summary>Runs a program to its end.</summary>
    /// <exception cref="VerbException">It did not end with 0; the message names its log.</exception>
    public static async Task RunToEnd(string name, ProgramFile program, string[] arguments, string logFile, CancellationToken stop)
    {
        using var child = Start(name, program, arguments, logFile);
        await child.process.WaitForExitAsync(stop);
        if (child.ExitCode != 0)
        {
            throw new VerbException($"`{name} {string.Join(' ', arguments)}` ended with {child.ExitCode}: {child.LastLine()} See "
                + $"{logFile}.");
        }
    }

    /// <summary>SIGKILL, as a power cut looks to a process.</summary>
    public async Task Kill(CancellationToken stop)
    {
        process.Kill(); // This one process id, nobody else.
        await process.WaitForExitAsync(stop);
    }

    /// <summary>SIGTERM, then patience for an orderly end, then SIGKILL.</summary>
    public async Task End(TimeSpan patience, TimeProvider clock)
    {
        if (isDisposed || process.HasExited)
        {
            return;
        }

        _ = kill(Id, Terminate);
        using var enough = new CancellationTokenSource(patience, clock);
        try
        {
            await process.WaitForExitAsync(enough.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            await process.WaitForExitAsync(CancellationToken.None);
        }
    }

    /// <summary>The last line that it printed, for an error message.</summary>
    public string LastLine()
    {
        process.WaitForExit(TimeSpan.FromSeconds(1));
        lock (gate)
        {
            return File.ReadLines(LogFile).LastOrDefault(line => line.Length > 0) ?? "it printed nothing.";
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
        lock (gate)
        {
            log.Dispose();
        }
    }

    private void Keep(string? line)
    {
        lock (gate)
        {
            if (line is not null && log.BaseStream?.CanWrite == true)
            {
                log.WriteLine(line);
            }
        }
    }

    [LibraryImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int kill(int pid, int signal);
}

/// <summary>How a program is started: the file, and what stands before its own arguments (`dotnet` needs the assembly's path).</summary>
internal sealed record ProgramFile(string File, string[] Arguments)
{
    /// <summary>This very program.</summary>
    public static ProgramFile Self()
    {
        var file = Environment.ProcessPath ?? throw new VerbException("The system does not tell where this program lies; is /proc "
            + "mounted?");
        return Path.GetFileNameWithoutExtension(file) == "dotnet" ? new(file, [Path.Combine(AppContext.BaseDirectory, "gateway.dll")])
            : new(file, []);
    }

    /// <summary>The ledger: where it was said to be, beside this program, or where the build leaves it.</summary>
    /// <param name="given">--ledger, or null.</param>
    /// <exception cref="VerbException">It is nowhere.</exception>
    public static ProgramFile Ledger(string? given)
    {
        if (given is not null)
        {
            return System.IO.File.Exists(given) ? Of(given) : throw new VerbException($"There is no ledger at {given}; give --ledger "
                + $"the program's path.");
        }

        var places = new List<string> { Path.Combine(AppContext.BaseDirectory, "ledger"), Path.Combine(AppContext.BaseDirectory,
            "ledger.dll") };
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            foreach (var configuration in (string[])["Release", "Debug"])
            {
                places.Add(Path.Combine(directory.FullName, "Ledger", "bin", configuration, "net10.0", "ledger.dll"));
            }

            places.Add(Path.Combine(directory.FullName, "ledger-linux-x64", "ledger"));
        }

        return places.Find(System.IO.File.Exists) is { } found
            ? Of(found)
            : throw new VerbException("No ledger program was found beside the gateway or in the build tree; build it with `dotnet build "
                + "Ledger -c Release`, or give --ledger PATH.");
    }

    private static ProgramFile Of(string file) => file.EndsWith(".dll", StringComparison.Ordinal) ? new(Dotnet(), [file]) : new(file, []);

    private static string Dotnet()
    {
        var root = Environment.GetEnvironmentVariable("DOTNET_ROOT");
        return Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") is { Length: > 0 } host ? host
            : root is not null && System.IO.File.Exists(Path.Combine(root, "dotnet")) ? Path.Combine(root, "dotnet")
            : "dotnet";
    }
}
