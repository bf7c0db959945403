using System.Collections.Concurrent;
using global::Ledger.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Gateway.Tests.Ledger;

// Goal: a part of the ledger that fails, at once or later, ends it with 1 and its name; the host alone would end as if it had been told to.
// Method: the real host with one part more, which fails.
public sealed class FailedPartTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_ledger_that_a_failed_part_stops_names_the_part_and_does_not_end_as_if_it_had_been_told_to(bool isAtOnce)
    {
        await using var ledger = new TestLedger();
        using var said = new Said();
        var code = await LedgerHost.Run(new() { Data = ledger.Data, Keys = ledger.Keys, Listen = "http://127.0.0.1:0" }, TestContext.Current.CancellationToken,
            parts => parts.AddSingleton<ILoggerProvider>(said).AddHostedService(services => new Brittle(services.GetRequiredService<IHostApplicationLifetime>(), isAtOnce)));
        Assert.Equal(1, code);
        Assert.Contains("The ledger stopped because a part of it failed: Brittle.", said.Lines);
        Assert.Contains("The brittle part broke.", said.Lines);
    }

    private sealed class Brittle(IHostApplicationLifetime lifetime, bool isAtOnce) : BackgroundService
    {
        protected override async Task ExecuteAsync(CancellationToken stoppingToken)
        {
            if (!isAtOnce)
            {
                var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                await using var registration = lifetime.ApplicationStarted.Register(started.SetResult);
                await started.Task;
            }

            throw new InvalidOperationException("The brittle part broke.");
        }
    }

    private sealed class Said : ILoggerProvider, ILogger
    {
        public ConcurrentQueue<string> Lines { get; } = [];

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            Lines.Enqueue(formatter(state, exception));
            if (exception is not null)
            {
                Lines.Enqueue(exception.Message);
            }
        }

        public void Dispose()
        {
        }
    }
}
