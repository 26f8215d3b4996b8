using Shoal.Core;

namespace Shoal.Dht;

/// <summary>A peer that somebody announced under the key that was looked up.</summary>
/// <param name="EndPoint">Where it accepts connections.</param>
/// <param name="Contact">Who said so; null if it was announced to this very node.</param>
/// <param name="Hops">How many queries in a row led to whoever said so; 0 if it was announced to this node.</param>
/// <param name="Elapsed">Since the lookup began.</param>
public readonly record struct FoundPeer(NetEndPoint EndPoint, NetEndPoint? Contact, int Hops, TimeSpan Elapsed)
{
    /// <summary>How many queries the lookup had sent by then.</summary>
    public int Queries { get; init; }
}
