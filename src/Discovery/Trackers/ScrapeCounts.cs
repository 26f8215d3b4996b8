namespace Shoal.Discovery.Trackers;

/// <summary>How many a tracker counts for a torrent (BEP 48).</summary>
public readonly record struct ScrapeCounts(int Seeds, int Downloaders, int Completed);
