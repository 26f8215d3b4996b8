using System.Text.Json.Serialization;
using Shoal.Node.Commands;

namespace Shoal.Node.Events;

/// <summary>How events and requests are written as JSON, here and on the control socket.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ShoalEvent))]
[JsonSerializable(typeof(IReadOnlyList<ShareRequest>))]
[JsonSerializable(typeof(GetRequest))]
[JsonSerializable(typeof(ListRequest))]
[JsonSerializable(typeof(FindRequest))]
[JsonSerializable(typeof(FindLocalRequest))]
[JsonSerializable(typeof(InspectRequest))]
[JsonSerializable(typeof(StatusRequest))]
[JsonSerializable(typeof(WhyRequest))]
[JsonSerializable(typeof(LimitRequest))]
[JsonSerializable(typeof(VerifyRequest))]
[JsonSerializable(typeof(RemoveRequest))]
[JsonSerializable(typeof(PinRequest))]
[JsonSerializable(typeof(RelocateRequest))]
[JsonSerializable(typeof(CollectRequest))]
[JsonSerializable(typeof(UsageRequest))]
[JsonSerializable(typeof(DhtStatusRequest))]
[JsonSerializable(typeof(DhtLookupRequest))]
[JsonSerializable(typeof(DhtPingRequest))]
[JsonSerializable(typeof(DhtPutRequest))]
[JsonSerializable(typeof(DhtGetRequest))]
public sealed partial class ShoalJson : JsonSerializerContext;
