using System.Text.Encodings.Web;
using System.Text.Json;
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
