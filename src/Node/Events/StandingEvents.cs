using System.Text.Json.Serialization;

namespace Shoal.Node.Events;

/// <summary>How a torrent stands.</summary>
/// <param name="Name">Null while nobody has said it.</param>
/// <param name="Phase"><c>idle</c>: no command and no node has it in hand; <c>metadata</c>, <c>opening</c>, <c>downloading</c>, <c>serving</c>: a part of it, <c>complete</c>: all that is wanted.</param>
/// <param name="Bytes">Proven ones of what is wanted.</param>
/// <param name="Length">Of what is wanted.</param>
/// <param name="Have">Bytes of all that is here.</param>
/// <param name="Total">Of the torrent.</param>
/// <param name="DownloadLimit">Of the process, bytes a second; 0 for none.</param>
/// <param name="Cause">As of <see cref="WhyEvent"/>.</param>
public sealed record StatusEvent(
    string Id, string? Name, string Phase, long Bytes, long Length, long Have, long Total, double DownloadRate, double UploadRate, long Downloaded, long Uploaded, long Wasted,
    PiecesItem Pieces, IReadOnlyList<PeerStatusItem> Peers, int Known, int Connecting, int Failed, int Incoming, int Corrupt, int Banned, int UploadSlots, long DownloadLimit, long UploadLimit,
    string Cause, string Message) : ShoalEvent
{
    /// <summary>Where its bytes lie.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Path { get; init; }

    /// <summary>Of this torrent alone, bytes a second; 0 for none.</summary>
    public long OwnDownloadLimit { get; init; }

    /// <summary>Of this torrent alone, bytes a second; 0 for none.</summary>
    public long OwnUploadLimit { get; init; }
}

/// <summary>Pieces, and how many of the connected peers have them.</summary>
/// <param name="Missing">Wanted, and not here.</param>
/// <param name="Copies">How many missing ones are with nobody, with one peer, and so on; the last stands for all above too.</param>
/// <param name="Strip">All in their order, at most 60 stretches.</param>
public sealed record PiecesItem(int Count, int Have, int Missing, IReadOnlyList<int> Copies, IReadOnlyList<StretchItem> Strip);

/// <param name="Have">From 0 to 1.</param>
/// <param name="Copies">Of the rarest missing one; null if none is missing.</param>
public sealed record StretchItem(double Have, int? Copies);

/// <summary>A connected peer.</summary>
/// <param name="Pieces">How many it has.</param>
/// <param name="Window">Blocks that may be asked for at once, of which it owes some now.</param>
/// <param name="RoundTrip">Milliseconds, the shortest seen; null before a request was answered.</param>
/// <param name="Choking">It does not let us ask.</param>
/// <param name="Interested">It wants something of us.</param>
/// <param name="Choked">We do not let it ask.</param>
/// <param name="Useful">It has something that we want.</param>
/// <param name="Snubbed">It owes blocks for too long.</param>
public sealed record PeerStatusItem(
    string Address, string? Client, bool Seed, bool Incoming, int Pieces, long Received, long Sent, double DownloadRate, double UploadRate, int Owed, int Window, double? RoundTrip,
    bool Choking, bool Interested, bool Choked, bool Useful, bool Snubbed);

/// <summary>The one cause why a download does not go, if it does not, and the numbers behind it.</summary>
/// <param name="Choking">Peers that have what is missing and do not let us ask.</param>
/// <param name="Useful">Peers that have what is missing.</param>
/// <param name="WithNobody">Missing pieces that no connected peer has.</param>
/// <param name="Contacts">Nodes that our DHT knows.</param>
public sealed record WhyEvent(
    string Id, string? Name, string Cause, string Message, int Peers, int Useful, int Choking, int Known, int Connecting, int Failed, int Incoming, int Missing, int WithNobody, int Corrupt, int Banned,
    int DiskFailures, int Contacts, double DownloadRate, long DownloadLimit) : ShoalEvent
{
    /// <summary>Of this torrent alone, bytes a second; 0 for none.</summary>
    public long OwnDownloadLimit { get; init; }
}

/// <summary>The rate limits that hold now, bytes a second; 0 for none.</summary>
/// <param name="Id">Of the torrent; null for those of all together.</param>
/// <param name="Name">Null if it is not known, or for all together.</param>
public sealed record LimitEvent(string? Id, string? Name, long DownloadLimit, long UploadLimit) : ShoalEvent;
