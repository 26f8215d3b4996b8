using Shoal.Core;

namespace Shoal.Discovery.Trackers;

/// <summary>Speaks with trackers. What goes wrong is told in the reply; only a cancelled call throws.</summary>
public interface ITrackerClient : IAsyncDisposable
{
    Task<AnnounceReply> AnnounceAsync(TrackerUrl tracker, AnnounceRequest request, CancellationToken ct);

    /// <returns>In the order of <paramref name="torrents"/>, null for one the tracker does not know; null if there was no answer, or none can be asked for.</returns>
    Task<IReadOnlyList<ScrapeCounts?>?> ScrapeAsync(TrackerUrl tracker, IReadOnlyList<Hash160> torrents, CancellationToken ct);
}
