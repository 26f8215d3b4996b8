namespace Shoal.Engine.Metadata;

internal enum MetadataOutcome
{
    /// <summary>Nobody asked that peer.</summary>
    Ignored,
    Going,

    /// <summary>Not what was asked for, or not what the infohash names: the peer's fault.</summary>
    Wrong,
    Whole,
}
