using System.ComponentModel;
using System.Diagnostics;

namespace Gateway.Tests.House;

/// <summary>What a finished program left: its exit code and all it wrote.</summary>
public sealed record ToolResult(int ExitCode, string Output, string Error)
{
    /// <summary>Both streams, for the message of a failed assertion.</summary>
    public override string ToString() => $"exit {ExitCode}\n{Output}{Error}";
}

/// <summary>Programs of the machine that a test needs. A missing one fails the test with the name of its Debian package: nothing is skipped.</summary>
public static class Tool
{
    /// <summary>Runs a program to its end.</summary>
    public static async Task<ToolResult> Run(string debianPackage, string program, IEnumerable<string> arguments, string? folder = null)
    {
        using var process = Start(debianPackage, program, arguments, folder);
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        try
        {
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        }
        finally
        {
            Stop(process);
        }

        return new(process.ExitCode, await output, await error);
    }

    /// <summary>Starts a program whose end the caller sees to. Its three streams are redirected.</summary>
    public static Process Start(string debianPackage, string program, IEnumerable<string> arguments, string? folder = null)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder ?? Repository.Root,
        };
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception missing)
        {
            throw new InvalidOperationException($"{program} cannot be started; install the Debian package {debianPackage}.", missing);
        }
    }

    /// <summary>Ends a program that may still run, and only this one and what it started.</summary>
    public static void Stop(Process process)
    {
        if (!process.HasExited)
        {
            process.Kill(entireProcessTree: true);
            Assert.True(process.WaitForExit(TimeSpan.FromMinutes(4)), $"Process {process.Id} was killed and is still there.");
            process.WaitForExit(); // And until all that it has written is read.
        }
    }
}
