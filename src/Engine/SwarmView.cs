using Shoal.Core;
using Shoal.Core.Geometry;
using Shoal.Engine.Limits;
using Shoal.Engine.Peers;

namespace Shoal.Engine;

/// <summary>What is to be seen of a swarm: counts as its loop hears of things, remembers who is gone, and draws the snapshot. Owned by the loop.</summary>
internal sealed class SwarmView
{
    private readonly Dictionary<(NetEndPoint, PeerId), PeerSnapshot> _gone = [];
    private readonly Dictionary<PeerKey, string> _addresses = [];
    private readonly RateMeter _down = new();
    private readonly RateMeter _up = new();
    private TorrentGeometry? _geometry;
    private Selection? _only;
    private long _have;
    private long _wanted;
    private TimeSpan? _firstAsked;
    private TimeSpan _lastProven;
    private SwarmPieces _pieces = SwarmPieces.Empty;
    private int _drawn;
    private bool _wasComplete;

    /// <summary>Whether payload went either way of late.</summary>
    public bool IsMoving => _down.BytesPerSecond > 0 || _up.BytesPerSecond > 0;

    public void OnOpened(TorrentGeometry geometry, Bitfield have, Selection only)
    {
        (_geometry, _only) = (geometry, only);
        _wanted = only.LengthOf(have);
        _have = only.IsAll ? _wanted : Selection.All(geometry).LengthOf(have);
    }

    public void OnStored(PieceIndex piece, TimeSpan now)
    {
        OnGained(piece);
        _lastProven = now;
    }

    public void OnGained(PieceIndex piece)
    {
        _have += _geometry!.ContentLengthOf(piece);
        _wanted += _only!.LengthOf(piece);
    }

    public void OnLost(PieceIndex piece)
    {
        _have -= _geometry!.ContentLengthOf(piece);
        _wanted -= _only!.LengthOf(piece);
    }

    public void OnAsked(TimeSpan now) => _firstAsked ??= now;

    public void OnReceived(int bytes) => _down.Add(bytes);

    public void OnUploaded(long bytes) => _up.Add(bytes);

    public void Tick(TimeSpan now)
    {
        _down.Tick(now);
        _up.Tick(now);
    }

    /// <summary>Of peers that are gone too: a piece may be proven after its giver left.</summary>
    public string? AddressOf(PeerKey peer) => _addresses.GetValueOrDefault(peer);

    /// <param name="isHere">Whether a peer's connection is still open.</param>
    public void RememberAddress(PeerKey peer, string address, Func<PeerKey, bool> isHere)
    {
        const int most = 4096;
        if (_addresses.Count >= most)
        {
            foreach (var gone in _addresses.Keys.Where(k => !isHere(k)).ToList()) _addresses.Remove(gone);
        }

        _addresses[peer] = address;
    }

    /// <summary>The peer is about to go: what it gave and got still counts.</summary>
    public void Remember(Peer peer)
    {
        const int most = 10_000;
        if (peer.Window.Rate.Total == 0 || _gone.Count > most) return;

        var last = Describe(peer);
        var key = (last.EndPoint, last.PeerId);
        if (_gone.TryGetValue(key, out var before)) last = last with { Received = last.Received + before.Received, Sent = last.Sent + before.Sent };
        _gone[key] = last with { DownloadRate = 0, UploadRate = 0 };
    }

    public SwarmSnapshot Draw(Swarm swarm)
    {
        const int countEvery = 10;
        if (_drawn++ % countEvery == 0 || swarm.IsComplete != _wasComplete) _pieces = swarm.CountPieces(); // the costliest part, where there are many
        _wasComplete = swarm.IsComplete;
        var peers = swarm.Peers.Select(Describe).ToList();
        return new SwarmSnapshot
        {
            Phase = swarm.Have is null ? (swarm.Info is null ? SwarmPhase.Metadata : SwarmPhase.Opening) : swarm.IsComplete ? SwarmPhase.Complete : SwarmPhase.Downloading,
            Have = _have,
            Length = swarm.Info?.Length ?? 0,
            WantedHave = _only is null ? _have : _wanted,
            WantedLength = _only?.Length ?? swarm.Info?.Length ?? 0,
            DownloadRate = _down.BytesPerSecond,
            UploadRate = _up.BytesPerSecond,
            Downloaded = _down.Total,
            Uploaded = _up.Total,
            Wasted = swarm.Wasted,
            Known = swarm.Known,
            Connecting = swarm.Connecting,
            Fetches = swarm.Fetches,
            Counts = swarm.Counts,
            Pieces = _pieces,
            UploadSlots = swarm.UploadSlots,
            Peers = peers,
            Givers = [.. Merge(peers)],
            Transfer = _firstAsked is { } first && _lastProven > first ? _lastProven - first : TimeSpan.Zero,
        };
    }

    private IEnumerable<PeerSnapshot> Merge(List<PeerSnapshot> peers) =>
        _gone.Values.Concat(peers).Where(p => p.Received > 0)
            .GroupBy(p => (p.EndPoint, p.PeerId))
            .Select(g => g.Last() with { Received = g.Sum(p => p.Received), Sent = g.Sum(p => p.Sent) });

    private PeerSnapshot Describe(Peer peer) => new(
        Listening(peer), peer.Handshake.PeerId, peer.Client, peer.Window.Rate.Total, peer.Upload.Total, peer.Window.Rate.BytesPerSecond, peer.Upload.BytesPerSecond, peer.IsSeed, peer.WebSeed)
    {
        IsIncoming = peer.IsIncoming,
        IsChoking = peer.IsChoking,
        IsInterested = peer.IsInterested,
        AmChoking = peer.AmChoking,
        AmInterested = peer.AmInterested,
        IsSnubbed = peer.IsSnubbed,
        Owed = peer.Owed.Count,
        Window = peer.Window.Size,
        RoundTrip = peer.Window.RoundTrip,
        Pieces = peer.Has?.Count ?? (peer.IsSeed ? _pieces.Count : 0),
    };

    /// <summary>Where the peer can be reached, if it said so; the connection's own port means nothing when the peer made it.</summary>
    private static NetEndPoint Listening(Peer peer) =>
        peer.IsIncoming && peer.Extensions is { ListenPort: > 0 and var port } ? peer.EndPoint.WithPort(port) : peer.EndPoint;
}
