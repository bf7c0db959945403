using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Ledger.Store.Migrations
{
    /// <inheritdoc />
    public partial class First : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "Batches",
                columns: table => new
                {
                    Gateway = table.Column<Guid>(type: "TEXT", nullable: false),
                    Number = table.Column<long>(type: "INTEGER", nullable: false),
                    PayloadDigest = table.Column<byte[]>(type: "BLOB", nullable: false),
                    Manifest = table.Column<byte[]>(type: "BLOB", nullable: false),
                    Beacon = table.Column<byte[]>(type: "BLOB", nullable: false),
                    LogIndex = table.Column<long>(type: "INTEGER", nullable: false),
                    OpenedMs = table.Column<long>(type: "INTEGER", nullable: false),
                    ClosedMs = table.Column<long>(type: "INTEGER", nullable: false),
                    Rounds = table.Column<int>(type: "INTEGER", nullable: false),
                    NextSequences = table.Column<string>(type: "TEXT", nullable: false),
                    Body = table.Column<byte[]>(type: "BLOB", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_Batches", x => new { x.Gateway, x.Number });
                });

            migrationBuilder.CreateTable(
                name: "Checkpoints",
                columns: table => new
                {
                    Size = table.Column<long>(type: "INTEGER", nullable: false),
                    NoteDigest = table.Column<byte[]>(type: "BLOB", nullable: false),
                    Note = table.Column<string>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_Checkpoints", x => x.Size);
                });

            migrationBuilder.CreateTable(
                name: "Conflicts",
                columns: table => new
                {
                    Gateway = table.Column<Guid>(type: "TEXT", nullable: false),
                    Number = table.Column<long>(type: "INTEGER", nullable: false),
                    OtherDigest = table.Column<byte[]>(type: "BLOB", nullable: false),
                    LogIndex = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_Conflicts", x => new { x.Gateway, x.Number });
                });

            migrationBuilder.CreateTable(
                name: "Entries",
                columns: table => new
                {
                    LogIndex = table.Column<long>(type: "INTEGER", nullable: false),
                    Kind = table.Column<int>(type: "INTEGER", nullable: false),
                    Gateway = table.Column<Guid>(type: "TEXT", nullable: true),
                    PayloadDigest = table.Column<byte[]>(type: "BLOB", nullable: false),
                    Statement = table.Column<byte[]>(type: "BLOB", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_Entries", x => x.LogIndex);
                });

            migrationBuilder.CreateTable(
                name: "Manifests",
                columns: table => new
                {
                    PayloadDigest = table.Column<byte[]>(type: "BLOB", nullable: false),
                    Gateway = table.Column<Guid>(type: "TEXT", nullable: false),
                    FirstNumber = table.Column<long>(type: "INTEGER", nullable: false),
                    IssuedMs = table.Column<long>(type: "INTEGER", nullable: false),
                    LogIndex = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_Manifests", x => x.PayloadDigest);
                });

            migrationBuilder.CreateTable(
                name: "Quarantine",
                columns: table => new
                {
                    Id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    Gateway = table.Column<Guid>(type: "TEXT", nullable: false),
                    ReceivedMs = table.Column<long>(type: "INTEGER", nullable: false),
                    Refusal = table.Column<byte>(type: "INTEGER", nullable: false),
                    Words = table.Column<string>(type: "TEXT", nullable: false),
                    MessageDigest = table.Column<byte[]>(type: "BLOB", nullable: false),
                    Message = table.Column<byte[]>(type: "BLOB", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_Quarantine", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "RefusalCounts",
                columns: table => new
                {
                    Gateway = table.Column<Guid>(type: "TEXT", nullable: false),
                    Count = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_RefusalCounts", x => x.Gateway);
                });

            migrationBuilder.CreateTable(
                name: "Revocations",
                columns: table => new
                {
                    LogIndex = table.Column<long>(type: "INTEGER", nullable: false),
                    KeyId = table.Column<string>(type: "TEXT", nullable: false),
                    FromIndex = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_Revocations", x => x.LogIndex);
                });

            migrationBuilder.CreateIndex(
                name: "IX_Batches_Gateway_ClosedMs",
                table: "Batches",
                columns: new[] { "Gateway", "ClosedMs" });

            migrationBuilder.CreateIndex(
                name: "IX_Checkpoints_NoteDigest",
                table: "Checkpoints",
                column: "NoteDigest");

            migrationBuilder.CreateIndex(
                name: "IX_Manifests_Gateway_FirstNumber_LogIndex",
                table: "Manifests",
                columns: new[] { "Gateway", "FirstNumber", "LogIndex" });

            migrationBuilder.CreateIndex(
                name: "IX_Quarantine_Gateway_MessageDigest",
                table: "Quarantine",
                columns: new[] { "Gateway", "MessageDigest" });

            migrationBuilder.CreateIndex(
                name: "IX_Revocations_KeyId",
                table: "Revocations",
                column: "KeyId");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "Batches");

            migrationBuilder.DropTable(
                name: "Checkpoints");

            migrationBuilder.DropTable(
                name: "Conflicts");

            migrationBuilder.DropTable(
                name: "Entries");

            migrationBuilder.DropTable(
                name: "Manifests");

            migrationBuilder.DropTable(
                name: "Quarantine");

            migrationBuilder.DropTable(
                name: "RefusalCounts");

            migrationBuilder.DropTable(
                name: "Revocations");
        }
    }
}
