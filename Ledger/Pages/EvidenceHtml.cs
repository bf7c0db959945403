using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Evidence;
using Ledger.Releases;

namespace Ledger.Pages;

/// <summary>What a page that was opened by a link says beside the evidence; text for people, believed by no check.</summary>
/// <param name="Page">Address of the ledger's own page, where all entries about the link stand.</param>
/// <param name="Shipment">The GS1 key: "(00)106141411234567897".</param>
/// <param name="Disclosures">The entry that made the link, with what opens it and its receipt, as disclosures.json has it: whoever saves the page can
/// show by whose decision they have it.</param>
public sealed record LinkContext(string Page, string Shipment, byte[] Disclosures);

/// <summary>The regulator's page with evidence inside: one file that verifies itself in the reader's own browser (docs/formats.md, "The
/// page").</summary>
public static class EvidenceHtml
{
    /// <summary>Every "&lt;" of the text becomes \u003c: no block can be ended from within.</summary>
    private static readonly JavaScriptEncoder Encoder = JavaScriptEncoder.Default;

    private static readonly byte[] Published = Load();

    /// <summary>The page as it is published, its blocks empty.</summary>
    public static ReadOnlySpan<byte> Page => Published;

    /// <summary>SHA-256 of the page as it is published, its blocks empty: what <c>sha256sum verify.html</c> prints.</summary>
    public static string PublishedSum { get; } = Convert.ToHexStringLower(SHA256.HashData(Published));

    /// <summary>The page's own policy, word for word: the one that a browser is to hold the page to.</summary>
    /// <remarks>Read from the page, so that the hashes in it cannot fall behind the program that they allow.</remarks>
    public static string ContentSecurityPolicy { get; } = ReadPolicy();

    /// <summary>The page without evidence; the reader chooses a file.</summary>
    /// <param name="policy">The ledger's policy, as an offer: the reader decides whom to trust.</param>
    /// <param name="origin">Where the page comes from, for people: scheme and host.</param>
    /// <param name="releases">What says where in the log the page's hash stands; with evidence, the bundle carries it.</param>
    public static byte[] Empty(ReadOnlySpan<byte> policy, string origin, IReadOnlyList<LoggedRelease> releases) =>
        Fill(default, policy, Context(origin, null, releases: releases));

    /// <summary>The page with one window's evidence.</summary>
    /// <param name="bundle">A bundle, as it is downloaded.</param>
    /// <param name="policy">The ledger's policy, as an offer.</param>
    /// <param name="origin">Where the page comes from, for people: scheme and host.</param>
    /// <param name="window">The window's address, from which the page links to the other files.</param>
    /// <param name="link">What a link adds for people; null without one.</param>
    public static byte[] Write(ReadOnlySpan<byte> bundle, ReadOnlySpan<byte> policy, string origin, string window, LinkContext? link = null) =>
        Fill(bundle, policy, Context(origin, window, link));

    private static byte[] Fill(ReadOnlySpan<byte> bundle, ReadOnlySpan<byte> policy, ReadOnlySpan<byte> context)
    {
        var page = new ArrayBufferWriter<byte>(Published.Length + bundle.Length + policy.Length + context.Length + 1024);
        var rest = (ReadOnlySpan<byte>)Published;
        rest = Insert(page, rest, "bundle", bundle);
        rest = Insert(page, rest, "policy", policy);
        rest = Insert(page, rest, "context", context);
        page.Write(rest);
        return page.WrittenSpan.ToArray();
    }

    private static ReadOnlySpan<byte> Insert(ArrayBufferWriter<byte> page, ReadOnlySpan<byte> rest, string block, ReadOnlySpan<byte> json)
    {
        var open = Open(block);
        var at = rest.IndexOf(open);
        if (at < 0 || rest[(at + open.Length)..].IndexOf(open) >= 0)
        {
            throw new InvalidOperationException($"verify.html has not exactly one block coldproof-{block} in its place. Build it anew.");
        }

        var start = at + open.Length;
        page.Write(rest[..start]);
        while (json.IndexOf((byte)'<') is >= 0 and var sign)
        {
            page.Write(json[..sign]);
            page.Write("\\u003c"u8);
            json = json[(sign + 1)..];
        }

        page.Write(json);
        return rest[start..];
    }

    private static byte[] Context(string origin, string? window, LinkContext? link = null, IReadOnlyList<LoggedRelease>? releases = null)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using var writer = new Utf8JsonWriter(bytes, new() { Encoder = Encoder });
        writer.WriteStartObject();
        writer.WriteString("origin", origin);
        if (window is not null)
        {
            writer.WriteString("window", window);
        }

        if (link is not null)
        {
            writer.WriteString("link", link.Page);
            writer.WriteString("shipment", link.Shipment);
            writer.WritePropertyName("disclosures");
            writer.WriteRawValue(link.Disclosures);
        }

        if (releases is { Count: > 0 })
        {
            writer.WriteStartArray("releases");
            foreach (var logged in releases)
            {
                writer.WriteRawValue(ReleaseFile.Write(logged.Statement.Bytes.AsSpan(), logged.Receipt));
            }

            writer.WriteEndArray();
        }

        writer.WriteEndObject();
        writer.Flush();
        return bytes.WrittenSpan.ToArray();
    }

    private static byte[] Open(string block) => Encoding.ASCII.GetBytes($"<script type=\"application/json\" id=\"coldproof-{block}\">");

    private static byte[] Load()
    {
        using var stream = typeof(EvidenceHtml).Assembly.GetManifestResourceStream("verify.html")!;
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }

    private static string ReadPolicy()
    {
        const string Before = "<meta http-equiv=\"Content-Security-Policy\" content=\"";
        var page = Encoding.UTF8.GetString(Published);
        var start = page.IndexOf(Before, StringComparison.Ordinal) + Before.Length;
        var end = page.IndexOf('"', Math.Max(start, 0));
        return start >= Before.Length && end > start
            ? page[start..end]
            : throw new InvalidOperationException("verify.html states no content security policy. Build it anew.");
    }
}
