using Shoal.Core;

namespace Shoal.Engine;

/// <summary>Finds what a peer wants that names a key of which no swarm runs. Any thread may call.</summary>
public interface ISwarmSource
{
    /// <summary>Joins the swarm, if there is something to serve in it.</summary>
    /// <param name="from">Who asks.</param>
    /// <returns>Null if nothing here has that name.</returns>
    Task<SwarmLoop?> OpenAsync(Hash160 key, NetEndPoint from, CancellationToken ct);
}
