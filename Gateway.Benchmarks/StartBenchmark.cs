using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using Anchoring;
using Evidence;
using Gateway.Tests.Abuse;
using Ledger.Authority;

namespace Gateway.Benchmarks;

/// <summary>How long after its start the shipped gateway has its first reading on disk, and the memory it holds while it works.</summary>
/// <remarks>
/// Start is the moment before the process is made; end is the first round seen in the journal, looked for once a millisecond.
/// Emulated probes, no broker in reach, a directory and enrolment of its own for each start. The peer is the same gateway as portable code.
/// </remarks>
internal static class StartBenchmark
{
    private const int Starts = 7;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static int Run(string[] arguments)
    {
        var root = Repository();
        string[] native = [Path.Combine(root, "artifacts", "linux-x64", "gateway")];
        string[] portable = ["dotnet", Path.Combine(AppContext.BaseDirectory, "gateway.dll")];
        if (!File.Exists(native[0]))
        {
            Console.Error.WriteLine($"start: {native[0]} is missing. Make it: "
                + "dotnet publish Gateway -c Release -r linux-x64 -o artifacts/linux-x64");
            return 1;
        }

        var minutes = arguments is ["--minutes", var count, ..] ? int.Parse(count, CultureInfo.InvariantCulture) : 2;
        using var fleet = new TemporaryFolder();
        var authority = AuthorityFolder.Init(fleet.Under("authority"), "benchmark", "log.example/bench", ["127.0.0.1"], null,
            TimeProvider.System);
        Median(native, 1, fleet, authority); // The first of each reads its files from the disk and does not count.
        Median(portable, 1, fleet, authority);
        var ours = Median(native, Starts, fleet, authority);
        var peer = Median(portable, Starts, fleet, authority);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"start: to the first recorded reading, median of {Starts}: native {ours:0} ms, the same gateway on dotnet {peer:0} ms, "
            + $"ratio {ours / peer:0.00}; each round durable by fdatasync"));
        var (nativeKiB, portableKiB) = (0L, 0L);
        using (var first = new Started(native, fleet, authority))
        using (var second = new Started(portable, fleet, authority))
        {
            Thread.Sleep(TimeSpan.FromMinutes(minutes));
            (nativeKiB, portableKiB) = (first.ResidentKiB(), second.ResidentKiB());
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"start: resident after {minutes} min at a round a second: "
            + $"native {nativeKiB / 1024.0:0.0} MiB, on dotnet {portableKiB / 1024.0:0.0} MiB, "
            + $"ratio {(double)nativeKiB / portableKiB:0.00}"));
        return 0;
    }

    private static double Median(string[] program, int starts, TemporaryFolder fleet, AuthorityFolder authority)
    {
        var times = new double[starts];
        for (var i = 0; i < starts; i++)
        {
            using var gateway = new Started(program, fleet, authority);
            times[i] = gateway.UntilRecordedMs;
        }

        Array.Sort(times);
        return times[starts / 2];
    }

    private static string Repository()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Gateway.sln")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException("Run it from inside the repository: Gateway.sln is in no folder above this program.");
    }

    /// <summary>A gateway that has been enrolled, started, and seen to record; killed when disposed.</summary>
    private sealed class Started : IDisposable
    {
        private readonly Process process;

        public Started(string[] program, TemporaryFolder fleet, AuthorityFolder authority)
        {
            var home = fleet.Under(Guid.NewGuid().ToString("N"));
            var data = Path.Combine(home, "data");
            var (request, answer) = (Path.Combine(home, "request.json"), Path.Combine(home, "answer.json"));
            Directory.CreateDirectory(home);
            Finish(Start(program, home, "enrol", "request", "--emulate", "--data", data, "--out", request));
            var asked = EnrolmentRequest.Parse(File.ReadAllBytes(request));
            var enrolment = authority.Enrol(asked, null, null, [new("127.0.0.1", FreePort.Take(), true)], null);
            File.WriteAllBytes(answer, enrolment.ToJson());
            Finish(Start(program, home, "enrol", "accept", answer, "--data", data));
            var segment = Path.Combine(data, Logbook.JournalFolder, "journal-0000000000000001.segment");
            var start = Stopwatch.GetTimestamp();
            process = Start(program, home, "run", "--emulate", "--data", data);
            try
            {
                while (!HasRound(segment))
                {
                    if (process.HasExited || Stopwatch.GetElapsedTime(start) > Patience)
                    {
                        throw new InvalidOperationException($"The gateway recorded nothing: {process.StandardOutput.ReadToEnd()}");
                    }

                    Thread.Sleep(1);
                }

                UntilRecordedMs = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            }
            catch
            {
                Dispose();
                throw;
            }
        }

        public double UntilRecordedMs { get; }

        public long ResidentKiB()
        {
            var line = File.ReadLines($"/proc/{process.Id}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
            return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
        }

        public void Dispose()
        {
            process.Kill(entireProcessTree: true);
            process.WaitForExit();
            process.Dispose();
        }

        private static bool HasRound(string segment)
        {
            if (!File.Exists(segment))
            {
                return false;
            }

            using var file = new FileStream(segment, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            var bytes = new byte[16 * 1024];
            var read = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            for (var at = 0; at + Frame.Overhead < read;)
            {
                if (bytes[at + sizeof(int)] == (byte)FrameKind.Round)
                {
                    return true;
                }

                var payload = BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(at));
                if (payload <= 0)
                {
                    return false; // Zeroes: nothing is written from here on.
                }

                at += Frame.Overhead + payload;
            }

            return false;
        }

        private static Process Start(string[] program, string home, params string[] arguments)
        {
            var start = new ProcessStartInfo(program[0], [.. program[1..], .. arguments])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                WorkingDirectory = home,
            };
            start.Environment["COLDPROOF__Sampling__IntervalMs"] = "1000";
            start.Environment["COLDPROOF__Sampling__DeadlineMs"] = "500";
            start.Environment["COLDPROOF__Status__Listen"] = $"127.0.0.1:{FreePort.Take()}";
            var process = Process.Start(start)!;
            process.ErrorDataReceived += (_, _) => { };
            process.BeginErrorReadLine(); // Read and dropped: a full pipe would stop the gateway.
            return process;
        }

        private static void Finish(Process process)
        {
            using (process)
            {
                var said = process.StandardOutput.ReadToEnd();
                process.WaitForExit();
                if (process.ExitCode != 0)
                {
                    throw new InvalidOperationException($"The gateway cannot be enrolled: {said}");
                }
            }
        }
    }

    private sealed class TemporaryFolder : IDisposable
    {
        private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("coldproof-start-");

        public string Under(string name) => Path.Combine(folder.FullName, name);

        public void Dispose() => folder.Delete(recursive: true);
    }
}
