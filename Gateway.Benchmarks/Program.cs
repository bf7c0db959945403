using Gateway.Benchmarks;

// Each benchmark prints its own numbers beside a named peer measured in the same run, and the machine and durability they hold for.
// `dotnet run -c Release --project Gateway.Benchmarks -- NAME …`; without a name, all that need no root and no other program.
var all = new SortedDictionary<string, (string About, Func<string[], int> Run)>(StringComparer.Ordinal)
{
    ["cuts"] = ("power cuts at every write and flush of batches, of starts and of repairs; what was lost", CutsBenchmark.Run),
    ["disk"] = ("bytes at the block device a round, over a day, against SQLite; needs root", DiskBenchmark.Run),
    ["fuzz"] = ("bent inputs for every reader of untrusted bytes: --seconds N, --target NAME; or --differential FILE", FuzzBenchmark.Run),
    ["inject"] = ("each system call on their files of gateway and ledger fails in turn: gateway|ledger, SYSCALL, --from K, --max K; needs strace", InjectBenchmark.Run),
    ["intake"] = ("batches a second into a ledger, against raw ES256 verification and fsync", IntakeBenchmark.Run),
    ["kills"] = ("kill -9 of gateway, ledger and mosquitto while data flow: N times, from seed --seed S; needs mosquitto", KillsBenchmark.Run),
    ["seal"] = ("time to build and sign a batch of 256 leaves", SealBenchmark.Run),
    ["soak"] = ("an hour of the shipped gateway against mosquitto and the ledger with random faults: --minutes N, --seed S", SoakBenchmark.Run),
    ["start"] = ("native gateway: start to first recorded reading, and memory after --minutes N", StartBenchmark.Run),
    ["verify"] = ("verification of 864 batches and 25,920 readings, and that bundle's size", VerifyBenchmark.Run),
    ["wire"] = ("bytes to the broker a reading, against one JSON message a reading", WireBenchmark.Run),
    ["weeks"] = ("simulated weeks of many faults: N, from seed --from S, every --step K; what was lost, invented, unexplained", YearsBenchmark.RunWeeks),
    ["years"] = ("simulated years: N, from seed --from S; what was lost, invented, unexplained", YearsBenchmark.Run),
};

if (args is ["help" or "--help" or "-h"] || (args.Length > 0 && !all.ContainsKey(args[0])))
{
    foreach (var (name, benchmark) in all)
    {
        Console.WriteLine($"{name,-12} {benchmark.About}");
    }

    return args is ["help" or "--help" or "-h"] ? 0 : 2;
}

Machine.Print();
return args.Length > 0 ? all[args[0]].Run(args[1..]) : all.Where(benchmark => benchmark.Key is not ("cuts" or "fuzz" or "inject" or "kills" or "soak" or "weeks" or "years")).Select(benchmark => benchmark.Value).Max(benchmark => benchmark.Run([]));
