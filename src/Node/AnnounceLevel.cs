namespace Shoal.Node;

/// <summary>What is announced of what is served, each level with those before it. Of a private torrent nothing is, at any level.</summary>
public enum AnnounceLevel
{
    None,

    /// <summary>Infohashes.</summary>
    Torrents,

    /// <summary>Files too: the infohash of each file's canonical torrent, and its ID.</summary>
    Files,

    /// <summary>Chunks too, by their IDs.</summary>
    Chunks,
}
