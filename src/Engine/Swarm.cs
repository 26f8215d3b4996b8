using Shoal.Core;
using Shoal.Core.Geometry;
using Shoal.Core.Metainfo;
using Shoal.Engine.Buffers;
using Shoal.Engine.Metadata;
using Shoal.Engine.Peers;
using Shoal.Engine.Picking;
using Shoal.Engine.WebSeeds;
using Shoal.Storage;
using Shoal.Wire;

namespace Shoal.Engine;

/// <summary>
/// The peers sharing one torrent, and what to ask of whom. Synchronous: takes an event with the time and says through <see cref="ISwarmEffects"/> what to do; owned
/// by one loop. Invariants: a piece is open, present or neither; a block is asked of a peer only if the peer has it, does not choke us and its hash is known to
/// be provable; nothing counts before it is proven. BEP 3, 6, 9, 10, 11, 21, 52, 54.
/// </summary>
internal sealed class Swarm
{
    private const int MostHaves = 50_000;
    private const int MostOfAWebSeed = 512; // blocks: one request in the making while another is answered
    private static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(100); // BEP 3: two minutes
    private static readonly TimeSpan RefusalLasts = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan DiskRest = TimeSpan.FromSeconds(5);

    private readonly SwarmOptions _options;
    private readonly ISwarmEffects _effects;
    private readonly Neighbours _neighbours;
    private readonly MetadataExchange _metadata;
    private readonly PeerExchange _exchange;
    private readonly WebSeedList _webSeeds;
    private readonly SwarmContent _content;
    private readonly Dealings _dealings;
    private readonly Conversation _conversation;
    private bool _hasSaidOnlyGives;
    private SwarmCounts _counts;

    public Swarm(InfoHash infoHash, PeerId ourId, SwarmOptions options, PieceBufferPool buffers, Random random, ISwarmEffects effects)
        : this(new SwarmNames(infoHash), ourId, options, buffers, random, effects)
    {
    }

    public Swarm(SwarmNames name, PeerId ourId, SwarmOptions options, PieceBufferPool buffers, Random random, ISwarmEffects effects)
    {
        (_options, _effects) = (options, effects);
        _neighbours = new Neighbours(ourId, options, random, effects);
        _metadata = new MetadataExchange(name, options, effects, Peers);
        _webSeeds = new WebSeedList(options, effects);
        _exchange = new PeerExchange(effects, Peers, found => _neighbours.Hear(found, named: false));
        _content = new SwarmContent(options, buffers, random, effects, _neighbours);
        _dealings = new Dealings(options, _content, _neighbours, _webSeeds, random, effects);
        _conversation = new Conversation(_content, _dealings, _neighbours, _metadata, _exchange, effects, Ban);
    }

    public TorrentInfo? Info => _metadata.Info;

    /// <summary>What we have; null while the content is not open.</summary>
    public Bitfield? Have => _content.Have;

    /// <summary>Whether all that is wanted is there.</summary>
    public bool IsComplete => _content.IsComplete;

    public IReadOnlyCollection<Peer> Peers => _neighbours.Connected;

    public int Connecting => _neighbours.Connecting;

    /// <summary>Endpoints heard of.</summary>
    public int Known => _neighbours.Known;

    /// <summary>Blocks that came twice, or were worthless, in bytes.</summary>
    public long Wasted => _conversation.Wasted;

    public SwarmCounts Counts => _counts;

    public int UploadSlots => _dealings.UploadSlots;

    /// <summary>Whether what is missing is fetched.</summary>
    public bool Fetches => _content.Fetches;

    private bool Wants => _content.Wants;

    private bool OnlyGives => _content.OnlyGives;

    /// <summary>A second one may add nothing that the first denied: libtorrent gives up for good what is not in it. So PEX is denied only where it is known to be out of place.</summary>
    private Introduction Introduction => new(Info?.Bytes.Length ?? 0, TakesPex: Info is not { IsPrivate: true }, OnlyGives);

    /// <summary>Whether the piece is on its way.</summary>
    public bool IsOpen(PieceIndex piece) => _content.Downloads?.IsOpen(piece) == true;

    /// <summary>Who has what, as of now.</summary>
    public SwarmPieces CountPieces() =>
        _content.Downloads is null ? SwarmPieces.Empty : PieceCensus.Take(Have!, _content.Wishes!.Wanted, _content.Downloads.Availability, Peers.Count(p => p.HasSaid && p.Has is null));

    /// <summary>Gives all memory back; no event may follow.</summary>
    public void Close() => _content.Downloads?.Close();

    /// <summary>Nothing can happen before the next event.</summary>
    public bool IsIdle => !Wants && _neighbours.IsEmpty;

    public void Handle(SwarmEvent e, TimeSpan now)
    {
        switch (e)
        {
            case SwarmEvent.PeersFound found:
                _neighbours.Hear(found.EndPoints, found.Named);
                if ((found.WantIt || found.Named) && !Wants) _neighbours.Invite(found.EndPoints);
                ConnectMore(now);
                break;
            case SwarmEvent.PeerConnected connected:
                OnConnected(connected, now);
                break;
            case SwarmEvent.ConnectFailed failed:
                _counts.Failed++;
                _neighbours.OnFailed(failed.EndPoint, now);
                ConnectMore(now);
                break;
            case SwarmEvent.PeerClosed closed:
                if (_neighbours.Remove(closed.Peer) is { } gone) OnClosed(gone, closed.Reason, now);
                break;
            case SwarmEvent.WebSeedsKnown known:
                _webSeeds.Add(known.Urls);
                break;
            case SwarmEvent.WebSeedConnected connected:
                OnWebSeed(connected, now);
                break;
            case SwarmEvent.WebSeedEnded ended:
                _webSeeds.OnEnded(ended.Url, ended.End, ended.WasUseful, ended.RetryAfter, now);
                if (_neighbours.Remove(ended.Peer) is { } over) OnClosed(over, CloseReason.Disconnected, now);
                break;
            case SwarmEvent.ContentOpened opened:
                OnContentOpened(opened, now);
                break;
            case SwarmEvent.Prioritized or SwarmEvent.Preferred or SwarmEvent.OrderChosen:
                OnWished(e, now);
                break;
            case SwarmEvent.PieceStored stored:
                OnStored(stored, now);
                break;
            case SwarmEvent.RunStored stored:
                OnRunStored(stored, now);
                break;
            case SwarmEvent.PieceGained gained:
                OnGained(gained.Piece, now);
                break;
            case SwarmEvent.FileReady ready:
                _content.Downloads?.OnLayerKnown(ready.File);
                _dealings.AskAll(now);
                break;
            case SwarmEvent.PieceLost lost:
                OnLost(lost.Piece, now);
                break;
            case SwarmEvent.Tick:
                OnTick(now);
                break;
            default:
                _conversation.Handle(e, now);
                break;
        }
    }

    private void OnConnected(SwarmEvent.PeerConnected e, TimeSpan now)
    {
        if (_neighbours.Admit(e, now, out var replaced) is null) return;
        if (e.Incoming) _counts.Incoming++;
        else _counts.Outgoing++;
        if (replaced is not null)
        {
            _content.Downloads?.Forget(replaced);
            _metadata.Forget(replaced);
            _dealings.AskAll(now);
        }

        _effects.SendExtensions(e.Peer, Introduction);
        _effects.SendBitfield(e.Peer, Have);
    }

    private void OnWebSeed(SwarmEvent.WebSeedConnected e, TimeSpan now)
    {
        if (Have is null || !Wants)
        {
            _effects.Close(e.Peer, CloseReason.NothingToDo);
            return;
        }

        var peer = _neighbours.Admit(e, Have.Length, now);
        peer.Window.Limit(MostOfAWebSeed);
        _dealings.UpdateInterest(peer);
        _dealings.Ask(peer, now);
    }

    private void OnClosed(Peer peer, CloseReason reason, TimeSpan now)
    {
        _content.Downloads?.Forget(peer);
        _content.Suggestions?.Forget(peer.Key);
        _metadata.Forget(peer);
        _neighbours.Release(peer, reason, now);
        if (reason is CloseReason.NothingToDo or CloseReason.TooMany || (reason == CloseReason.Disconnected && IsComplete && peer.OnlyGives)) _exchange.OnParted(peer);
        if (IsComplete && reason == CloseReason.Disconnected && peer.HasSaid && !peer.OnlyGives) _neighbours.CallBack(peer, now);
        _dealings.DealSlots(now);
        ConnectMore(now);
        _metadata.Ask(now);
        _content.Hashes?.Ask(now);
        _dealings.AskAll(now);
    }

    private void OnContentOpened(SwarmEvent.ContentOpened e, TimeSpan now)
    {
        var (before, hadEnough) = (Have, OnlyGives);
        _metadata.Info = e.Info;
        _content.Open(e);
        foreach (var peer in Peers.ToList())
        {
            if (peer.HasSaid) _content.Downloads!.OnPeerSaid(peer);
            if (peer.HasSaid) _dealings.OfferFast(peer, e.Info.Geometry.PieceLength);
            TellNews(peer, before);
            foreach (var early in peer.Early) _conversation.Handle(early, now);
            peer.ForgetEarly();
            _dealings.UpdateInterest(peer);
        }

        if (IsComplete) Finish(now);
        if (hadEnough && Wants) _neighbours.Reconsider(now);
        ConnectMore(now);
        _content.Hashes?.Ask(now);
        _dealings.AskAll(now);
    }

    /// <summary>Somebody wants pieces of the open content otherwise; before it is open there are none.</summary>
    private void OnWished(SwarmEvent e, TimeSpan now)
    {
        if (_content.Downloads is null) return;

        var wasComplete = IsComplete;
        _content.OnWished(e);
        foreach (var peer in Peers) _dealings.UpdateInterest(peer);
        if (IsComplete && !wasComplete) Finish(now);
        ConnectMore(now);
        _content.Hashes?.Ask(now);
        _dealings.AskAll(now);
    }

    /// <summary>Who came before the content was open has yet to hear of it.</summary>
    private void TellNews(Peer peer, Bitfield? before)
    {
        if (Have!.Count - (before?.Count ?? 0) > MostHaves)
        {
            _effects.Close(peer.Key, CloseReason.Stopping); // a new connection begins with a bitfield; that many messages would not be read in time
            return;
        }

        if (before is null) _effects.SendExtensions(peer.Key, Introduction); // it may ask for the metadata now
        for (var piece = Have.NextSet(0); piece >= 0; piece = Have.NextSet(piece + 1))
        {
            if (before?[piece] != true) _effects.SendHave(peer.Key, new PieceIndex(piece));
        }
    }

    private void OnStored(SwarmEvent.PieceStored e, TimeSpan now)
    {
        if (!_content.Downloads!.IsOpen(e.Piece)) return; // of a copy that is not ours any more

        Ban(_content.Downloads.OnStored(e.Piece, e.Status), now);
        if (e.Status == PutStatus.Corrupt)
        {
            _counts.Corrupt++;
            _content.Hashes?.Ask(now);
        }

        if (e.Status == PutStatus.Failed)
        {
            _counts.DiskFailures++;
            _dealings.Rest(now + DiskRest); // a full disk stays full for a while
        }

        if (e.Status == PutStatus.Stored) TellOf(e.Piece, now);
        _dealings.AskAll(now);
    }

    /// <summary>A piece came without a peer: found in the store, or by another that writes to the content. What is on its way is entered when it is stored.</summary>
    private void OnGained(PieceIndex piece, TimeSpan now)
    {
        if (Have is null || Have[piece] || IsOpen(piece)) return;

        _content.Downloads!.OnGained(piece);
        TellOf(piece, now);
        foreach (var peer in Peers) _dealings.UpdateInterest(peer);
    }

    private void TellOf(PieceIndex piece, TimeSpan now)
    {
        foreach (var peer in Peers)
        {
            if (!peer.HasPiece(piece)) _effects.SendHave(peer.Key, piece);
        }

        if (IsComplete) Finish(now);
    }

    private void OnRunStored(SwarmEvent.RunStored e, TimeSpan now)
    {
        if (_content.Downloads is not { } downloads) return;

        Ban(downloads.OnRunStored(e), now);
        if (e.Status == PutStatus.Corrupt) _counts.Corrupt++;
        if (e.Status == PutStatus.Failed)
        {
            _counts.DiskFailures++;
            _dealings.Rest(now + DiskRest);
        }

        _dealings.AskAll(now);
    }

    private void OnLost(PieceIndex piece, TimeSpan now)
    {
        if (Have is not { } have || !have.Clear(piece)) return;

        _content.Downloads!.OnLost(piece);
        foreach (var peer in Peers)
        {
            if (peer.Extensions is { DontHaveId: > 0 }) _effects.SendDontHave(peer.Key, piece);
            _dealings.UpdateInterest(peer);
        }

        ConnectMore(now);
        _dealings.AskAll(now);
    }

    private void Finish(TimeSpan now)
    {
        foreach (var peer in Peers.ToList())
        {
            if (!_dealings.DropIfUseless(peer)) _dealings.UpdateInterest(peer);
        }

        _dealings.DealSlots(now);
        _effects.Completed();
    }

    private void Ban(IEnumerable<PeerKey> blamed, TimeSpan now)
    {
        foreach (var key in blamed)
        {
            if (_neighbours.Find(key) is { } guilty) Ban(guilty, now);
        }
    }

    private void Ban(Peer peer, TimeSpan now)
    {
        if (peer.WebSeed is { } url) _webSeeds.Ban(url);
        _counts.Banned++;
        if (_neighbours.Ban(peer)) OnClosed(peer, CloseReason.Corrupt, now);
    }

    private void ConnectMore(TimeSpan now) => _neighbours.ConnectMore(Wants, now);

    private void SayWhetherOnlyGives()
    {
        if (OnlyGives == _hasSaidOnlyGives) return;

        _hasSaidOnlyGives = OnlyGives;
        foreach (var peer in Peers.ToList())
        {
            if (!_dealings.DropIfUseless(peer)) _effects.SendUploadOnly(peer.Key, OnlyGives);
        }
    }

    private void OnTick(TimeSpan now)
    {
        foreach (var peer in Peers.ToList())
        {
            peer.Upload.Tick(now);
            peer.Window.Tick(now, peer.WasFull);
            peer.WasFull = peer.Owed.Count > peer.Window.Size / 2;
            if (peer.Refused is not null && now - peer.RefusedAt > RefusalLasts) peer.ForgetRefusals();
            if (peer.WebSeed is null && now - peer.LastHeard > _options.SilenceLimit)
            {
                _effects.Close(peer.Key, CloseReason.TimedOut);
                continue;
            }

            if (now - peer.LastSent > KeepAlive)
            {
                peer.LastSent = now;
                _effects.SendKeepAlive(peer.Key);
            }

            if (peer.Owed.Count > 0 && !peer.IsSnubbed && now - peer.LastBlock > _options.SnubAfter) _content.Downloads!.Snub(peer);
            _dealings.UpdateInterest(peer);
        }

        ConnectMore(now);
        _metadata.Ask(now);
        _exchange.Tick(Info?.IsPrivate, now);
        SayWhetherOnlyGives();
        _webSeeds.Tick(Have is not null && Wants, Peers, now);
        _content.Hashes?.Ask(now);
        _content.Downloads?.Tick(now);
        _dealings.DealSlots(now);
        _dealings.AskAll(now);
    }
}
