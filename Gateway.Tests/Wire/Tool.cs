using System.ComponentModel;
using System.Diagnostics;

namespace Gateway.Tests.Wire;

/// <summary>Runs a program that others wrote and returns what it said on both streams.</summary>
internal static class Tool
{
    public static async Task<string> Run(string name, string[] arguments, string input, CancellationToken cancellation)
    {
        var start = new ProcessStartInfo(name)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true
        };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        using var process = Start(start);
        var said = Task.WhenAll(process.StandardOutput.ReadToEndAsync(cancellation), process.StandardError.ReadToEndAsync(cancellation));
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        await process.WaitForExitAsync(cancellation);
        var text = string.Concat(await said);
        Assert.True(process.ExitCode == 0, $"{name} {string.Join(' ', arguments)} ended with {process.ExitCode}: {text}");
        return text;
    }

    /// <summary>A missing program fails the test by the name of the package that holds it: a skipped check proves nothing.</summary>
    public static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception fault)
        {
            throw new InvalidOperationException($"{start.FileName} does not start ({fault.Message}); install the Debian package "
                + $"{Path.GetFileName(start.FileName)}.", fault);
        }
    }
}
