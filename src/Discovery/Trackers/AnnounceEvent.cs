namespace Shoal.Discovery.Trackers;

/// <summary>Why a tracker is announced to; the numbers are those of BEP 15.</summary>
public enum AnnounceEvent
{
    /// <summary>It is time again.</summary>
    None = 0,

    /// <summary>The download is whole now.</summary>
    Completed = 1,

    /// <summary>The first announce.</summary>
    Started = 2,

    /// <summary>We leave.</summary>
    Stopped = 3,
}
