using System.Text;
using Shoal.Core;
using Shoal.Wire;

namespace Shoal.Engine.Peers;

/// <summary>
/// Whom we are connected to, whom we are connecting to, and whom to try next. Invariant: at most one connection to each peer ID, none to ourselves, none to those
/// banned. BEP 3; where all places are taken, BEP 40.
/// </summary>
internal sealed class Neighbours(PeerId ourId, SwarmOptions options, Random random, ISwarmEffects effects)
{
    private readonly Dictionary<PeerKey, Peer> _connected = [];
    private readonly HashSet<NetEndPoint> _connecting = [];
    private readonly PeerList _list = new(options, random);
    private readonly CallBacks _callBacks = new();
    private readonly OwnAddress _own = new();
    private readonly Invitations _invitations = new();

    public IReadOnlyDictionary<PeerKey, Peer> ByKey => _connected;

    public IReadOnlyCollection<Peer> Connected => _connected.Values;

    public int Connecting => _connecting.Count;

    /// <summary>Endpoints heard of.</summary>
    public int Known => _list.Count;

    /// <summary>Nobody is here, on the way, or to be called back.</summary>
    public bool IsEmpty => _connected.Count == 0 && _connecting.Count == 0 && !_callBacks.Any && !_invitations.Any;

    public Peer? Find(PeerKey key) => _connected.GetValueOrDefault(key);

    public void Hear(IReadOnlyList<NetEndPoint> endPoints, bool named)
    {
        foreach (var endPoint in endPoints) _list.Add(endPoint, named);
    }

    /// <summary>Has them called though nothing is to be had from them.</summary>
    public void Invite(IReadOnlyList<NetEndPoint> endPoints)
    {
        foreach (var endPoint in endPoints) _invitations.Add(endPoint);
    }

    /// <param name="wants">Whether anything is to be had from peers; else only those that left with something to get are called back, and those that were invited.</param>
    public void ConnectMore(bool wants, TimeSpan now)
    {
        while (_connecting.Count < options.MaxConnecting && _connected.Count + _connecting.Count < options.MaxPeers)
        {
            if (wants ? !_list.TryTake(now, out var endPoint) : !_callBacks.TryTake(now, out endPoint) && !_invitations.TryTake(IsStranger, out endPoint)) return;

            _connecting.Add(endPoint);
            effects.Connect(endPoint);
        }
    }

    private bool IsStranger(NetEndPoint endPoint) =>
        !_connecting.Contains(endPoint) && !_list.IsBanned(endPoint) && _connected.Values.All(p => p.EndPoint != endPoint && p.ListensAt != endPoint);

    public void OnFailed(NetEndPoint endPoint, TimeSpan now)
    {
        _connecting.Remove(endPoint);
        _list.OnFailed(endPoint, now);
    }

    /// <summary>Takes a connection in, or closes it.</summary>
    /// <param name="replaced">The same peer by another connection, or one of lower priority, closed in favour of this one.</param>
    /// <returns>The new peer; null if it was turned away.</returns>
    public Peer? Admit(SwarmEvent.PeerConnected e, TimeSpan now, out Peer? replaced)
    {
        if (!e.Incoming) _connecting.Remove(e.EndPoint);
        replaced = null;
        var peer = new Peer(e.Peer, e.EndPoint, e.Handshake, e.Incoming, now) { Priority = PriorityOf(e) };
        var twin = _connected.Values.FirstOrDefault(p => p.Handshake.PeerId == peer.Handshake.PeerId);
        if (Refuse(peer, twin) is var reason and not CloseReason.None)
        {
            if (reason is CloseReason.Self && !e.Incoming) _list.Ban(e.EndPoint);
            else if (reason is CloseReason.Duplicate && !e.Incoming) Hand(e.EndPoint, twin!, now);
            else if (!e.Incoming) _list.Shelve(e.EndPoint, now);
            effects.Close(e.Peer, reason);
            return null;
        }

        if (twin is not null)
        {
            Replace(twin, peer);
            replaced = twin;
        }
        else if (_connected.Count >= options.MaxPeers)
        {
            replaced = WhoMakesRoomFor(peer)!;
            effects.Close(replaced.Key, CloseReason.TooMany);
            _connected.Remove(replaced.Key);
            Release(replaced, CloseReason.TooMany, now);
        }

        _connected[e.Peer] = peer;
        return peer;
    }

    /// <summary>Takes a web server in as a peer that has everything and never chokes.</summary>
    public Peer Admit(SwarmEvent.WebSeedConnected e, int pieces, TimeSpan now)
    {
        var name = new PeerId(Hash.Sha1(Encoding.UTF8.GetBytes(e.Url.AbsoluteUri)));
        var peer = new Peer(e.Peer, default, new Handshake(0, default, name), incoming: false, now) { WebSeed = e.Url, Client = "web seed", IsChoking = false };
        peer.TryTake(new SwarmEvent.PeerBitfield(e.Peer, null, All: true), pieces, out _);
        _connected[e.Peer] = peer;
        return peer;
    }

    /// <summary>A peer that came to us says where it listens: there is no need to connect to it as well.</summary>
    public void OnListens(Peer peer, int port)
    {
        if (!peer.IsIncoming || port == 0) return;

        var endPoint = peer.EndPoint.WithPort(port);
        if (peer.ListensAt is null && _list.Hold(endPoint)) peer.ListensAt = endPoint;
    }

    /// <summary>A peer says at which address it sees us.</summary>
    public void OnSeen(Peer peer, NetEndPoint? address)
    {
        if (address is { } ours) _own.Hear(peer.EndPoint, ours);
    }

    /// <summary>Something is wanted again: those that had nothing for us may have it now.</summary>
    public void Reconsider(TimeSpan now) => _list.Reconsider(now);

    /// <returns>The peer; null if it was let go before.</returns>
    public Peer? Remove(PeerKey key) => _connected.Remove(key, out var peer) ? peer : null;

    /// <summary>Never again.</summary>
    /// <returns>Whether it was connected until now.</returns>
    public bool Ban(Peer peer)
    {
        if (peer.WebSeed is null) _list.Ban(peer.EndPoint, peer.Handshake.PeerId);
        effects.Close(peer.Key, CloseReason.Corrupt);
        return _connected.Remove(peer.Key);
    }

    /// <summary>A peer is gone: when its endpoints may be tried again.</summary>
    public void Release(Peer peer, CloseReason reason, TimeSpan now)
    {
        Release(peer.EndPoint);
        if (peer.ListensAt is { } listensAt) Release(listensAt);

        void Release(NetEndPoint endPoint)
        {
            if (reason is CloseReason.NothingToDo or CloseReason.Duplicate) _list.Shelve(endPoint, now);
            else _list.OnClosed(endPoint, now, peer.Window.Rate.Total > 0);
        }
    }

    /// <summary>A downloader left us though we have all it lacks.</summary>
    public void CallBack(Peer peer, TimeSpan now)
    {
        if ((peer.ListensAt ?? (peer.IsIncoming ? null : peer.EndPoint)) is { } home) _callBacks.Add(home, now);
    }

    private CloseReason Refuse(Peer peer, Peer? twin)
    {
        if (peer.Handshake.PeerId == ourId) return CloseReason.Self;
        if (_list.IsBanned(peer.EndPoint, peer.Handshake.PeerId)) return CloseReason.Corrupt;
        if (twin is null) return _connected.Count < options.MaxPeers || WhoMakesRoomFor(peer) is not null ? CloseReason.None : CloseReason.TooMany;

        // both sides may have dialled at once: each keeps the connection that the larger ID made
        var keepOutgoing = ourId.Value > peer.Handshake.PeerId.Value;
        return twin.IsIncoming == peer.IsIncoming || peer.IsIncoming == keepOutgoing ? CloseReason.Duplicate : CloseReason.None;
    }

    private uint PriorityOf(SwarmEvent.PeerConnected e) => e.Local.Scope == NetworkScope.None ? 0 : PeerPriority.Of(_own.SeenBy(e.EndPoint, e.Local), e.EndPoint);

    /// <summary>
    /// Of those that give nothing now: one of the address that holds most connections, if that is a crowd and the newcomer's holds fewer; else the one of lowest priority, if
    /// the newcomer's is higher (BEP 40). Of global addresses a range counts as one.
    /// </summary>
    private Peer? WhoMakesRoomFor(Peer newcomer)
    {
        if (!newcomer.IsIncoming) return null;

        var peers = _connected.Values.Where(p => p.WebSeed is null).ToLookup(p => OwnerOf(p.EndPoint));
        var crowd = peers.MaxBy(g => g.Count());
        if (crowd is not null && crowd.Count() > options.MaxPeers / 4 && crowd.Count() > peers[OwnerOf(newcomer.EndPoint)].Count() + 1 && LeastWelcome(crowd) is { } one) return one;

        return LeastWelcome(peers.SelectMany(g => g)) is { } least && least.Priority < newcomer.Priority ? least : null;
    }

    private static Peer? LeastWelcome(IEnumerable<Peer> peers) =>
        peers.Where(p => p.Window.Rate.BytesPerSecond == 0).OrderBy(p => p.Upload.BytesPerSecond > 0).ThenBy(p => p.Priority).FirstOrDefault();

    private static NetEndPoint OwnerOf(NetEndPoint endPoint) => endPoint.Scope == NetworkScope.Global ? endPoint.Range : endPoint.WithPort(0);

    /// <summary>The endpoint leads to a peer we have already: it is tried again when that one is gone.</summary>
    private void Hand(NetEndPoint endPoint, Peer twin, TimeSpan now)
    {
        if (twin.ListensAt is { } other && other != endPoint) _list.Shelve(other, now);
        twin.ListensAt = endPoint;
    }

    private void Replace(Peer twin, Peer peer)
    {
        peer.ListensAt = twin.IsIncoming ? twin.ListensAt : twin.EndPoint;
        effects.Close(twin.Key, CloseReason.Duplicate);
        _connected.Remove(twin.Key);
    }
}
