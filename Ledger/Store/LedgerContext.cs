using Evidence;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace Ledger.Store;

/// <summary>The ledger's tables. Nothing in the model names a database: SQLite is the default, another provider needs only its own
/// migrations.</summary>
public sealed class LedgerContext(DbContextOptions<LedgerContext> options) : DbContext(options)
{
    public DbSet<EntryRow> Entries => Set<EntryRow>();

    public DbSet<ManifestRow> Manifests => Set<ManifestRow>();

    public DbSet<BatchRow> Batches => Set<BatchRow>();

    public DbSet<ConflictRow> Conflicts => Set<ConflictRow>();

    public DbSet<RevocationRow> Revocations => Set<RevocationRow>();

    public DbSet<ReleaseRow> Releases => Set<ReleaseRow>();

    public DbSet<CheckpointRow> Checkpoints => Set<CheckpointRow>();

    public DbSet<QuarantineRow> Quarantine => Set<QuarantineRow>();

    public DbSet<RefusalCount> RefusalCounts => Set<RefusalCount>();

    public DbSet<LinkRow> Links => Set<LinkRow>();

    public DbSet<DisclosureRow> Disclosures => Set<DisclosureRow>();

    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder) =>
        configurationBuilder.Properties<Digest>().HaveConversion<DigestBytes>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<EntryRow>(entry =>
        {
            entry.HasKey(row => row.LogIndex);
            entry.Property(row => row.LogIndex).ValueGeneratedNever();
        });
        modelBuilder.Entity<ManifestRow>(manifest =>
        {
            manifest.HasKey(row => row.PayloadDigest);
            manifest.HasIndex(row => new { row.Gateway, row.FirstNumber, row.LogIndex });
        });
        modelBuilder.Entity<BatchRow>(batch =>
        {
            batch.HasKey(row => new { row.Gateway, row.Number });
            batch.HasIndex(row => new { row.Gateway, row.ClosedMs });
        });
        modelBuilder.Entity<ConflictRow>(conflict => conflict.HasKey(row => new { row.Gateway, row.Number }));
        modelBuilder.Entity<RevocationRow>(revocation =>
        {
            revocation.HasKey(row => row.LogIndex);
            revocation.Property(row => row.LogIndex).ValueGeneratedNever();
            revocation.HasIndex(row => row.KeyId);
        });
        modelBuilder.Entity<ReleaseRow>(release =>
        {
            release.HasKey(row => row.LogIndex);
            release.Property(row => row.LogIndex).ValueGeneratedNever();
            release.HasIndex(row => row.PayloadDigest).IsUnique();
            release.HasIndex(row => row.Name);
        });
        modelBuilder.Entity<CheckpointRow>(checkpoint =>
        {
            checkpoint.HasKey(row => row.Size);
            checkpoint.Property(row => row.Size).ValueGeneratedNever();
            checkpoint.HasIndex(row => row.NoteDigest);
        });
        modelBuilder.Entity<QuarantineRow>(refused =>
        {
            refused.HasKey(row => row.Id);
            refused.HasIndex(row => new { row.Gateway, row.MessageDigest });
        });
        modelBuilder.Entity<RefusalCount>(count => count.HasKey(row => row.Gateway));
        modelBuilder.Entity<LinkRow>(link =>
        {
            link.HasKey(row => row.Id);
            link.Property(row => row.Id).ValueGeneratedNever();
            link.HasIndex(row => row.TokenDigest).IsUnique();
            link.HasIndex(row => row.Key);
        });
        modelBuilder.Entity<DisclosureRow>(disclosure =>
        {
            disclosure.HasKey(row => row.LogIndex);
            disclosure.Property(row => row.LogIndex).ValueGeneratedNever();
            disclosure.HasIndex(row => new { row.Link, row.Number }).IsUnique();
            disclosure.HasOne(row => row.Made).WithMany().HasForeignKey(row => row.Link).OnDelete(DeleteBehavior.Restrict);
        });
    }

    private sealed class DigestBytes() : ValueConverter<Digest, byte[]>(digest => digest.ToBytes(), bytes => Digest.FromBytes(bytes));
}
