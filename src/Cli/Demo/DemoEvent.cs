using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Shoal.Node.Events;

namespace Shoal.Cli.Demo;

/// <summary>What the demo does: a sentence, or what happened inside one of its nodes, or the result.</summary>
/// <param name="Step"><c>swarm</c>, <c>fetch</c>, <c>loss</c>, <c>verify</c>, <c>one</c>, <c>three</c>, <c>result</c>, <c>next</c>.</param>
/// <param name="Node">The address of the node it happened in.</param>
internal sealed record DemoEvent(
    [property: JsonPropertyOrder(1)] string Step,
    [property: JsonPropertyOrder(2)] string? Node = null,
    [property: JsonPropertyOrder(3)] string? Message = null,
    [property: JsonPropertyOrder(4)] ShoalEvent? Inside = null,
    [property: JsonPropertyOrder(5)] DemoResult? Result = null)
{
    [JsonPropertyOrder(0)]
    public string Event { get; } = "demo";
}

/// <summary>The measured comparison: the same bytes from one source and from three, each with the same limit.</summary>
internal sealed record DemoResult(long Bytes, long Limit, double OneSeconds, double ThreeSeconds)
{
    public double Factor => Math.Round(OneSeconds / Math.Max(0.001, ThreeSeconds), 2);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(DemoEvent))]
internal sealed partial class DemoJson : JsonSerializerContext
{
    private static readonly DemoJson Lines = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });

    public static string Write(DemoEvent e) => JsonSerializer.Serialize(e, Lines.DemoEvent);
}
