using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;

namespace Gateway.Tests.Abuse;

/// <summary>What systemd is to a service of Type=notify, as far as it matters here: the parent of that name, the socket on which the program speaks,
/// and the watchdog that kills it when it says nothing any more.</summary>
internal sealed partial class StandInSystemd : IAsyncDisposable
{
    private readonly string folder;
    private readonly Socket socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
    private readonly CancellationTokenSource stop = new();
    private readonly Lock gate = new();
    private readonly Task listening;
    private long heardAt = TimeProvider.System.GetTimestamp();
    private string lastRecorded = "";
    private int beats, beatsOfRound, beatsOfRoundMost;

    /// <param name="folder">A folder of its own.</param>
    public StandInSystemd(string folder)
    {
        this.folder = Directory.CreateDirectory(folder).FullName;
        // A program asks whether its parent is called systemd; a script's name is its file's.
        File.WriteAllText(Script, $"#!/bin/sh\n\"$@\" & echo $! >'{PidFile}'\nwait $!\n");
        File.SetUnixFileMode(Script, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        socket.Bind(new UnixDomainSocketEndPoint(SocketFile));
        listening = Listen();
    }

    /// <summary>What stands before the program's own command line.</summary>
    public string[] Command => ["/usr/bin/env", $"NOTIFY_SOCKET={SocketFile}", Script];

    /// <summary>The program's own process id.</summary>
    public int Id => int.Parse(File.ReadAllText(PidFile), CultureInfo.InvariantCulture);

    /// <summary>How often the watchdog has been told that all is well.</summary>
    public int Beats
    {
        get
        {
            lock (gate)
            {
                return beats;
            }
        }
    }

    /// <summary>How often it was told so, at most, while the number of recorded readings stood still.</summary>
    public int BeatsWithoutARoundMost
    {
        get
        {
            lock (gate)
            {
                return beatsOfRoundMost;
            }
        }
    }

    /// <summary>Since when nothing has been heard.</summary>
    public TimeSpan Silence
    {
        get
        {
            lock (gate)
            {
                return TimeProvider.System.GetElapsedTime(heardAt);
            }
        }
    }

    private string Script => Path.Combine(folder, "systemd");

    private string PidFile => Path.Combine(folder, "pid");

    private string SocketFile => Path.Combine(folder, "notify");

    /// <summary>SIGKILL to the program itself, as WatchdogSignal= has it, if it still lives.</summary>
    public void Kill()
    {
        try
        {
            using var process = Process.GetProcessById(Id);
            process.Kill();
        }
        catch (Exception fault) when (fault is ArgumentException or InvalidOperationException or FileNotFoundException)
        {
            return; // It has ended, or never began.
        }
    }

    public async ValueTask DisposeAsync()
    {
        Kill();
        await stop.CancelAsync();
        await listening.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        socket.Dispose();
        stop.Dispose();
    }

    private async Task Listen()
    {
        var buffer = new byte[4_096];
        while (!stop.IsCancellationRequested)
        {
            var length = await socket.ReceiveAsync(buffer.AsMemory(), stop.Token);
            Take(Encoding.UTF8.GetString(buffer, 0, length));
        }
    }

    private void Take(string state)
    {
        lock (gate)
        {
            if (state == "WATCHDOG=1")
            {
                heardAt = TimeProvider.System.GetTimestamp();
                beats++;
                beatsOfRoundMost = Math.Max(beatsOfRoundMost, ++beatsOfRound);
            }
            else if (RecordedForm().Match(state) is { Success: true } match && match.Groups["count"].Value != lastRecorded)
            {
                (lastRecorded, beatsOfRound) = (match.Groups["count"].Value, 0);
            }
        }
    }

    [GeneratedRegex("^STATUS=.*: (?<count>[0-9,]+) readings recorded")]
    private static partial Regex RecordedForm();
}
