using System.Text.Json.Serialization;

namespace Shoal.Node.Events;

/// <summary>It is kept whatever room is needed, or not any more.</summary>
public sealed record PinnedEvent(string Id, string Name, bool Pinned) : ShoalEvent;

/// <summary>It was proven at another place, and is served from there.</summary>
public sealed record RelocatedEvent(string Id, string Name, string From, string Path) : ShoalEvent;

/// <summary>What was bad is right again; <paramref name="Bytes"/> were fetched or found elsewhere in the store.</summary>
public sealed record RepairedEvent(string Id, string Path, int Pieces, long Bytes) : ShoalEvent;

/// <summary>A file with bad pieces, by their numbers in the torrent.</summary>
/// <param name="Path">Relative to the torrent's folder, with <c>/</c>.</param>
public sealed record BadFileItem(string Path, int Bad, IReadOnlyList<int> Pieces);

/// <summary>Its files were deleted and it is forgotten; or would be, in a dry run.</summary>
public sealed record EvictedEvent(string Id, string Name, string Path, long Bytes, bool DryRun) : ShoalEvent;

/// <summary>It would have had to go, and stays: <c>pinned</c>, <c>in-use</c>, or <c>last-copy</c>, as nobody else is known to have it.</summary>
public sealed record KeptEvent(string Id, string Name, string Path, long Bytes, string Reason) : ShoalEvent;

/// <summary>Closes a collection: bytes freed, and what the store holds then of what it brought here.</summary>
public sealed record CollectedEvent(long Freed, long Held, long Keep, bool DryRun) : ShoalEvent;

/// <summary>What a torrent takes, or with no ID what all do.</summary>
/// <param name="Bytes">All that is here of it; of all, what several have counted once.</param>
/// <param name="Common">Of these, bytes of files that another has too; of all, what is saved by counting once.</param>
/// <param name="Brought">Downloaded, or copied into the store: what a collection could free, and what a quota limits.</param>
public sealed record UsageEvent(string? Id, string? Name, long Bytes, long Common, long Brought) : ShoalEvent
{
    /// <summary><c>shared</c>, <c>downloaded</c> or <c>copied</c>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Kind { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Path { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? Pinned { get; init; }

    /// <summary>When it was last read or written.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? Used { get; init; }

    /// <summary>Others last known to have all of it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Others { get; init; }

    /// <summary>Of all; missing where there is none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Quota { get; init; }
}
