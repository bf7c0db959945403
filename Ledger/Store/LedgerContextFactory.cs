using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;

namespace Ledger.Store;

/// <summary>Opens contexts on one SQLite file; also what <c>dotnet ef migrations add</c> calls.</summary>
public sealed class LedgerContextFactory : IDbContextFactory<LedgerContext>, IDesignTimeDbContextFactory<LedgerContext>
{
    private readonly DbContextOptions<LedgerContext> options;

    /// <summary>For the design-time tool only, which never opens the file.</summary>
    public LedgerContextFactory() : this("design.db") { }

    public LedgerContextFactory(string path) => options = new DbContextOptionsBuilder<LedgerContext>()
        .UseSqlite($"Data Source={path};Default Timeout=30")
        .UseQueryTrackingBehavior(QueryTrackingBehavior.NoTracking)
        .AddInterceptors(new SqliteDurability())
        .Options;

    public LedgerContext CreateDbContext() => new(options);

    public LedgerContext CreateDbContext(string[] args) => CreateDbContext();
}
