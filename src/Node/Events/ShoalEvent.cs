using System.Text.Json.Serialization;

namespace Shoal.Node.Events;

/// <summary>Something that happened, as programs read it: one JSON object, <c>event</c> first. Fields are only ever added.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "event")]
[JsonDerivedType(typeof(ListeningEvent), "listening")]
[JsonDerivedType(typeof(HashingEvent), "hashing")]
[JsonDerivedType(typeof(SharedEvent), "shared")]
[JsonDerivedType(typeof(AnnouncedEvent), "announced")]
[JsonDerivedType(typeof(FindableEvent), "findable")]
[JsonDerivedType(typeof(MetadataEvent), "metadata")]
[JsonDerivedType(typeof(ProgressEvent), "progress")]
[JsonDerivedType(typeof(PieceEvent), "piece")]
[JsonDerivedType(typeof(DoneEvent), "done")]
[JsonDerivedType(typeof(ServingEvent), "serving")]
[JsonDerivedType(typeof(FoundPeerEvent), "peer")]
[JsonDerivedType(typeof(ItemEvent), "item")]
[JsonDerivedType(typeof(StatusEvent), "status")]
[JsonDerivedType(typeof(WhyEvent), "why")]
[JsonDerivedType(typeof(LimitEvent), "limit")]
[JsonDerivedType(typeof(VerifiedEvent), "verified")]
[JsonDerivedType(typeof(RemovedEvent), "removed")]
[JsonDerivedType(typeof(PinnedEvent), "pinned")]
[JsonDerivedType(typeof(RelocatedEvent), "relocated")]
[JsonDerivedType(typeof(RepairedEvent), "repaired")]
[JsonDerivedType(typeof(EvictedEvent), "evicted")]
[JsonDerivedType(typeof(KeptEvent), "kept")]
[JsonDerivedType(typeof(CollectedEvent), "collected")]
[JsonDerivedType(typeof(UsageEvent), "du")]
[JsonDerivedType(typeof(LinkEvent), "link")]
[JsonDerivedType(typeof(DhtStatusEvent), "dht")]
[JsonDerivedType(typeof(ContactEvent), "contact")]
[JsonDerivedType(typeof(LookupEvent), "lookup")]
[JsonDerivedType(typeof(PongEvent), "pong")]
[JsonDerivedType(typeof(StoredEvent), "stored")]
[JsonDerivedType(typeof(ValueEvent), "value")]
[JsonDerivedType(typeof(WarningEvent), "warning")]
[JsonDerivedType(typeof(ErrorEvent), "error")]
[JsonDerivedType(typeof(ExitEvent), "exit")]
public abstract record ShoalEvent;

/// <summary>Sockets are bound. Addresses are <c>1.2.3.4:9</c> or <c>[::1]:9</c>; <paramref name="Udp"/> is null without a DHT.</summary>
public sealed record ListeningEvent(string? Tcp, string? Udp, IReadOnlyList<string> Addresses) : ShoalEvent;

/// <summary>How far hashing, or proving again what is on disk, has come; at most 4 a second.</summary>
public sealed record HashingEvent(string Path, long Bytes, long Length) : ShoalEvent;

/// <summary>A path can be fetched under its link.</summary>
public sealed record SharedEvent(
    string Link, string? Infohash, string? InfohashV1, string Name, long Length, int PieceLength, IReadOnlyList<FileItem> Files) : ShoalEvent;

/// <summary>A file of a torrent; <paramref name="Id"/> is null for an empty file.</summary>
/// <param name="Path">Relative to the torrent's folder, with <c>/</c>.</param>
public sealed record FileItem(string Path, long Length, string? Id, string? Link)
{
    /// <summary>Chunk IDs in order; only where they were asked for.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Chunks { get; init; }
}

/// <summary>So many DHT nodes took an announcement.</summary>
public sealed record AnnouncedEvent(string Id, int Nodes, double Seconds) : ShoalEvent;

/// <summary>Whether what was announced was found by an independent lookup afterwards.</summary>
public sealed record FindableEvent(string Id, bool Found, int Hops, double Seconds) : ShoalEvent;

/// <summary>It is known what a link names.</summary>
public sealed record MetadataEvent(
    string Kind, string Id, string? Infohash, string? InfohashV1, string Name, long Length, int PieceLength, IReadOnlyList<FileItem> Files) : ShoalEvent
{
    /// <summary>What is fetched of it; null for all.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public SelectedItem? Selected { get; init; }
}

/// <summary>So many files of a torrent, and their bytes.</summary>
public sealed record SelectedItem(int Files, long Length);

/// <summary>At most 4 a second. <paramref name="Bytes"/> are proven ones, <paramref name="Rate"/> bytes a second, <paramref name="Peers"/> connected.</summary>
public sealed record ProgressEvent(long Bytes, long Length, double Rate, int Peers) : ShoalEvent
{
    /// <summary>Who sends how much; null where nobody draws it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<PeerItem>? Sources { get; init; }

    /// <summary>What is going on: <c>finding</c>, <c>connecting</c>, <c>metadata</c>, <c>downloading</c>, <c>finishing</c>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Phase { get; init; }
}

/// <summary>A peer and the payload it sent in this run.</summary>
public sealed record PeerItem(string Address, string? Client, long Bytes)
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? Rate { get; init; }
}

/// <summary>A piece was proven, and who sent most of it; only where it was asked for.</summary>
public sealed record PieceEvent(int Index, int Count, string Address) : ShoalEvent;

/// <summary>Everything is proven and in its place.</summary>
public sealed record DoneEvent(string Path, long Bytes, long Reused, double Seconds, double TransferSeconds, IReadOnlyList<PeerItem> Peers) : ShoalEvent;

/// <summary>What is given away while serving: connected peers, payload since the start, bytes a second. On change, at most once a second.</summary>
public sealed record ServingEvent(int Peers, long Uploaded, double Rate) : ShoalEvent;

/// <summary>Somebody has it.</summary>
public sealed record FoundPeerEvent(string Id, string Address, string Via, int Hops, double Ms) : ShoalEvent
{
    /// <summary>The contact that said so; only of a lookup in the DHT, and null there if it was announced to this very node.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? From { get; init; }

    /// <summary>How many queries the lookup had sent by then; only of a lookup in the DHT.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Queries { get; init; }
}

/// <summary>Something the store holds.</summary>
public sealed record ItemEvent(string Kind, string Id, string Name, long Length, long Have) : ShoalEvent
{
    /// <summary>Where its bytes lie.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Path { get; init; }

    /// <summary>The torrent that it lies in; only where it was looked for.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Torrent { get; init; }

    /// <summary>Of a chunk, where it begins in the file; only where it was looked for.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Offset { get; init; }

    /// <summary>Of a torrent, whether it is pinned.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? Pinned { get; init; }
}

/// <summary>What the store holds of a torrent was proven again: pieces that are right, and pieces that are not.</summary>
public sealed record VerifiedEvent(string Id, long Ok, long Bad) : ShoalEvent
{
    /// <summary>Where that copy stands, and its files that have bad pieces; only if any are.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Path { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<BadFileItem>? Files { get; init; }
}

/// <summary>The store forgot it.</summary>
public sealed record RemovedEvent(string Id, string Name, bool FilesDeleted) : ShoalEvent;

/// <summary>What a link says by itself.</summary>
public sealed record LinkEvent(
    string Link, string? Infohash, string? InfohashV1, string? Name, IReadOnlyList<string> Peers, IReadOnlyList<string> Trackers, IReadOnlyList<string> WebSeeds) : ShoalEvent;

/// <summary>Something to know that ends nothing.</summary>
public sealed record WarningEvent(string Code, string Message) : ShoalEvent;

/// <summary>Why a command ends without having done what it was asked.</summary>
public sealed record ErrorEvent(string Code, string Message) : ShoalEvent;

/// <summary>Closes a command that runs in another process; never shown.</summary>
public sealed record ExitEvent(int Code) : ShoalEvent;
