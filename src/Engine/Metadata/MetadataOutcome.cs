namespace Shoal.Engine.Metadata;

internal enum MetadataOutcome
{
    /// <summary>Nobody asked that peer.</summary>
    Ignored,
    Going,

    /// <summary>Not what was asked for, or not what the infohash names: the peer's fault.</summary>
    Wrong,
    Whole,

    /// <summary>Not what the infohash names, though it may be what the name stands for as that of a file or chunk.</summary>
    Claimed,
}
