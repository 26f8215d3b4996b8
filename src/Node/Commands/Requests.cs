using System.Text.Json.Serialization;

namespace Shoal.Node.Commands;

/// <summary>Share one path. Paths are absolute, since whoever acts may stand in another folder.</summary>
public sealed record ShareRequest(string Path)
{
    public string? Name { get; init; }

    /// <summary>Bytes, a power of two of at least 16 KiB; null for the default.</summary>
    public int? PieceLength { get; init; }

    public bool Private { get; init; }

    /// <summary>Keep a copy in the store and serve that.</summary>
    public bool Copy { get; init; }

    /// <summary>Make it a torrent of v1 as well.</summary>
    public bool Hybrid { get; init; }

    /// <summary>Where to put the <c>.torrent</c>; null for nowhere.</summary>
    public string? WriteTorrent { get; init; }

    /// <summary>Announce URLs of trackers, in place of those that the store remembers; none to keep those.</summary>
    public IReadOnlyList<string> Trackers { get; init; } = [];

    /// <summary>Addresses to contact, <c>host:port</c>.</summary>
    public IReadOnlyList<string> Peers { get; init; } = [];

    /// <summary>Nodes of the DHT to contact, <c>host:port</c>.</summary>
    public IReadOnlyList<string> Bootstrap { get; init; } = [];

    /// <summary>URLs of web servers that have the content as well, for the link and the <c>.torrent</c> (BEP 19).</summary>
    public IReadOnlyList<string> WebSeeds { get; init; } = [];
}

/// <summary>Fetch what a link names into a folder.</summary>
public sealed record GetRequest(string Link, string Folder)
{
    /// <summary>The bytes of the <c>.torrent</c> if the link is one, since whoever acts may not read the caller's files.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] // or it is written as an empty one
    public byte[]? Torrent { get; init; }

    /// <summary>Patterns for the paths of the files wanted; none for all that the link selects. <see cref="Core.Metainfo.PathPattern"/>.</summary>
    public IReadOnlyList<string> Only { get; init; } = [];

    public bool Overwrite { get; init; }

    /// <summary>Bytes that the store may bring here from now on, 0 for no limit; null to leave it as it is.</summary>
    public long? Quota { get; init; }

    /// <summary>Evict what may go if the quota does not suffice.</summary>
    public bool MakeRoom { get; init; }

    /// <summary>Go on serving after it is done, until cancelled.</summary>
    public bool Seed { get; init; }

    /// <summary>Report each piece and who sent it.</summary>
    public bool Pieces { get; init; }

    /// <summary>Seconds without any progress; null for no limit.</summary>
    public double? Timeout { get; init; }

    /// <summary>Announce URLs of trackers, beside those that the link or the <c>.torrent</c> names.</summary>
    public IReadOnlyList<string> Trackers { get; init; } = [];

    /// <summary>Addresses to contact, <c>host:port</c>.</summary>
    public IReadOnlyList<string> Peers { get; init; } = [];

    /// <summary>Nodes of the DHT to contact, <c>host:port</c>.</summary>
    public IReadOnlyList<string> Bootstrap { get; init; } = [];
}

public sealed record ListRequest(bool Files, bool Chunks);

/// <summary>Where the store has what an ID names.</summary>
public sealed record FindLocalRequest(string Id);

public sealed record FindRequest(string Id)
{
    /// <summary>Seconds without an answer.</summary>
    public double Timeout { get; init; } = 30;

    /// <summary>Announce URLs of trackers, beside those that the store remembers.</summary>
    public IReadOnlyList<string> Trackers { get; init; } = [];

    public IReadOnlyList<string> Bootstrap { get; init; } = [];

    /// <summary>Addresses to ask as well, <c>host:port</c>.</summary>
    public IReadOnlyList<string> Peers { get; init; } = [];
}

/// <summary>Say what a link names, without fetching the content.</summary>
public sealed record InspectRequest(string Link)
{
    /// <summary>Chunk IDs too, as far as they are known.</summary>
    public bool Chunks { get; init; }

    /// <summary>Seconds until the metadata must be here.</summary>
    public double Timeout { get; init; } = 30;

    /// <summary>Announce URLs of trackers, beside those that the link or the <c>.torrent</c> names.</summary>
    public IReadOnlyList<string> Trackers { get; init; } = [];

    /// <summary>Addresses to contact, <c>host:port</c>.</summary>
    public IReadOnlyList<string> Peers { get; init; } = [];

    /// <summary>Nodes of the DHT to contact, <c>host:port</c>.</summary>
    public IReadOnlyList<string> Bootstrap { get; init; } = [];
}

/// <param name="Id">Of a torrent; null for all.</param>
public sealed record StatusRequest(string? Id);

public sealed record WhyRequest(string Id);

/// <param name="Id">Of a torrent; null for all together.</param>
/// <param name="DownloadLimit">Bytes a second, 0 for none; null to leave it.</param>
/// <param name="UploadLimit">Likewise.</param>
public sealed record LimitRequest(string? Id, long? DownloadLimit, long? UploadLimit);

/// <param name="Id">Of a torrent; null for all.</param>
public sealed record VerifyRequest(string? Id)
{
    /// <summary>Fetch what is bad, of what was downloaded or copied.</summary>
    public bool Repair { get; init; }

    /// <summary>Repair the user's own shared files too.</summary>
    public bool Shared { get; init; }

    /// <summary>Seconds without any progress of a repair; null for no limit.</summary>
    public double? Timeout { get; init; }

    /// <summary>Addresses to contact, <c>host:port</c>.</summary>
    public IReadOnlyList<string> Peers { get; init; } = [];

    /// <summary>Nodes of the DHT to contact, <c>host:port</c>.</summary>
    public IReadOnlyList<string> Bootstrap { get; init; } = [];
}

public sealed record RemoveRequest(string Id, bool DeleteFiles);

public sealed record PinRequest(string Id, bool Pinned);

/// <summary>It was moved to that absolute path.</summary>
public sealed record RelocateRequest(string Id, string Path)
{
    /// <summary>Which copy, by where it stood; null where that is plain.</summary>
    public string? From { get; init; }
}

/// <param name="Keep">Bytes that may stay of what was downloaded or copied.</param>
public sealed record CollectRequest(long Keep)
{
    public bool DryRun { get; init; }

    /// <summary>Evict even what nobody else is known to have.</summary>
    public bool Last { get; init; }
}

/// <param name="Id">Of a torrent; null for all.</param>
public sealed record UsageRequest(string? Id);
