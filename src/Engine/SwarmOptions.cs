namespace Shoal.Engine;

/// <summary>How a swarm behaves. Defaults are for a machine on a fast network.</summary>
public sealed record SwarmOptions
{
    /// <summary>Connections of one torrent, both directions together.</summary>
    public int MaxPeers { get; init; } = 80;

    /// <summary>Connections being made at once.</summary>
    public int MaxConnecting { get; init; } = 16;

    /// <summary>Peers unchoked by merit, to begin with; from there as many as fill the uplink.</summary>
    public int UploadSlots { get; init; } = 8;

    public int LeastUploadSlots { get; init; } = 4;

    public int MostUploadSlots { get; init; } = 32;

    /// <summary>Whether a seed gives to those who take most, and not turn by turn.</summary>
    public bool SeedsToTheFastest { get; init; }

    /// <summary>How often slots are dealt out again (BEP 3).</summary>
    public TimeSpan ChokeInterval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long the trial slot stays with one peer (BEP 3).</summary>
    public TimeSpan OptimisticInterval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>A peer that owes blocks and sends none for so long is snubbed: others are asked for them.</summary>
    public TimeSpan SnubAfter { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>A peer from which nothing comes for so long is gone.</summary>
    public TimeSpan SilenceLimit { get; init; } = TimeSpan.FromSeconds(180);

    /// <summary>An unanswered question for metadata or hashes goes to another peer as well after this.</summary>
    public TimeSpan QuestionTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>First wait before a failed peer is tried again; doubled each time.</summary>
    public TimeSpan RetryAfter { get; init; } = TimeSpan.FromSeconds(1);

    public TimeSpan MaxRetryAfter { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>False for a downloader that gives nothing back.</summary>
    public bool Upload { get; init; } = true;
}
