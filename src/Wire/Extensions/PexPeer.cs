using Shoal.Core;

namespace Shoal.Wire.Extensions;

/// <summary>A peer that one peer tells another of (BEP 11).</summary>
public readonly record struct PexPeer(NetEndPoint EndPoint, PexFlags Flags);
