using Shoal.Core;

namespace Shoal.Engine.Peers;

/// <summary>What one peer was told of others, and what it told.</summary>
/// <param name="firstAt">When it is to be told first.</param>
internal sealed class PexRecord(TimeSpan firstAt)
{
    /// <summary>Whom it was told of and has not heard the end of.</summary>
    public HashSet<NetEndPoint> Told { get; } = [];

    /// <summary>When it may be told more.</summary>
    public TimeSpan NextAt { get; set; } = firstAt;

    /// <summary>The last of those gone of late that it was told of.</summary>
    public int LastGone { get; set; }

    /// <summary>When its last message came that counted.</summary>
    public TimeSpan? HeardAt { get; set; }

    /// <summary>Messages that came too soon.</summary>
    public int TooSoon { get; set; }

    /// <summary>Peers it told of that were believed.</summary>
    public int Believed { get; set; }

    /// <summary>Peers it told of before it was known whether the torrent is private.</summary>
    public IReadOnlyList<NetEndPoint> Held { get; set; } = [];
}
