using System.IO.Pipelines;
using System.Security.Cryptography;
using System.Text.Encodings.Web;
using System.Text.Json;
using Shoal.Core;
using Shoal.Node.Events;

namespace Shoal.Http.Control;

/// <summary>An event as one line of JSON, the same on standard output and on the control socket.</summary>
public static class EventLine
{
    // Links and names stay readable: the lines go to programs and terminals, never into a page. Control characters are escaped all the same.
    private static readonly ShoalJson Json = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });

    public static string Write(ShoalEvent e) => JsonSerializer.Serialize(e, Json.ShoalEvent);

    /// <summary>Writes it piece by piece: the line of a torrent of many files is megabytes long.</summary>
    public static void Write(ShoalEvent e, Stream output) => JsonSerializer.Serialize(output, e, Json.ShoalEvent);

    /// <inheritdoc cref="Write(ShoalEvent, Stream)"/>
    public static Task WriteAsync(ShoalEvent e, PipeWriter output, CancellationToken ct) => JsonSerializer.SerializeAsync(output, e, Json.ShoalEvent, ct);

    /// <summary>Equal for equal lines.</summary>
    public static Hash256 Digest(ShoalEvent e)
    {
        using var hash = SHA256.Create();
        using (var stream = new CryptoStream(Stream.Null, hash, CryptoStreamMode.Write)) Write(e, stream);
        return new Hash256(hash.Hash);
    }

    public static byte[] WriteUtf8(ShoalEvent e) => JsonSerializer.SerializeToUtf8Bytes(e, Json.ShoalEvent);

    /// <summary>Null for a line that is no event, or one that a newer version added.</summary>
    public static ShoalEvent? Read(string line)
    {
        try
        {
            return JsonSerializer.Deserialize(line, Json.ShoalEvent);
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            return null;
        }
    }
}
