using Shoal.Core.Metainfo;

namespace Shoal.Engine;

/// <summary>What the infohash names is no torrent that can be fetched.</summary>
public sealed class SwarmException(MetainfoError error) : Exception($"the torrent cannot be used: {error}")
{
    public MetainfoError Error { get; } = error;
}
