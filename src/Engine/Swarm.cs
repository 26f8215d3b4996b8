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
    private const int MostSuggested = 64;
    private static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(100); // BEP 3: two minutes
    private static readonly TimeSpan RefusalLasts = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan DiskRest = TimeSpan.FromSeconds(5);

    private readonly SwarmOptions _options;
    private readonly PieceBufferPool _buffers;
    private readonly Random _random;
    private readonly ISwarmEffects _effects;
    private readonly Neighbours _neighbours;
    private readonly Choker _choker;
    private readonly MetadataExchange _metadata;
    private readonly PeerExchange _exchange;
    private readonly WebSeedList _webSeeds;
    private Downloads? _downloads;
    private Suggestions? _suggestions;
    private Wishes? _wishes;
    private HashExchange? _hashes;
    private bool _fetch = true;
    private bool _hasSaidOnlyGives;
    private TimeSpan _diskRestsUntil;
    private SwarmCounts _counts;

    public Swarm(InfoHash infoHash, PeerId ourId, SwarmOptions options, PieceBufferPool buffers, Random random, ISwarmEffects effects)
        : this(new SwarmNames(infoHash), ourId, options, buffers, random, effects)
    {
    }

    public Swarm(SwarmNames name, PeerId ourId, SwarmOptions options, PieceBufferPool buffers, Random random, ISwarmEffects effects)
    {
        (_options, _buffers, _random, _effects) = (options, buffers, random, effects);
        _neighbours = new Neighbours(ourId, options, random, effects);
        _choker = new Choker(options, random);
        _metadata = new MetadataExchange(name, options, effects, Peers);
        _webSeeds = new WebSeedList(options, effects);
        _exchange = new PeerExchange(effects, Peers, found => _neighbours.Hear(found, named: false));
    }

    public TorrentInfo? Info => _metadata.Info;

    public PieceLayers? Layers { get; private set; }

    /// <summary>What we have; null while the content is not open.</summary>
    public Bitfield? Have { get; private set; }

    /// <summary>Whether all that is wanted is there.</summary>
    public bool IsComplete => _wishes is { IsDone: true };

    public IReadOnlyCollection<Peer> Peers => _neighbours.Connected;

    public int Connecting => _neighbours.Connecting;

    /// <summary>Endpoints heard of.</summary>
    public int Known => _neighbours.Known;

    /// <summary>Blocks that came twice, or were worthless, in bytes.</summary>
    public long Wasted { get; private set; }

    public SwarmCounts Counts => _counts;

    public int UploadSlots => _choker.Slots;

    /// <summary>Whether what is missing is fetched.</summary>
    public bool Fetches => _fetch;

    /// <summary>Whether anything is missing that is to be fetched.</summary>
    private bool Wants => _fetch && !IsComplete;

    /// <summary>A second one may add nothing that the first denied: libtorrent gives up for good what is not in it. So PEX is denied only where it is known to be out of place.</summary>
    private Introduction Introduction => new(Info?.Bytes.Length ?? 0, TakesPex: Info is not { IsPrivate: true }, OnlyGives);

    /// <summary>Whether we are a seed, or want no more than we have (BEP 21).</summary>
    private bool OnlyGives => Have is not null && !Wants;

    /// <summary>Whether the piece is on its way.</summary>
    public bool IsOpen(PieceIndex piece) => _downloads?.IsOpen(piece) == true;

    /// <summary>Who has what, as of now.</summary>
    public SwarmPieces CountPieces() =>
        _downloads is null ? SwarmPieces.Empty : PieceCensus.Take(Have!, _wishes!.Wanted, _downloads.Availability, Peers.Count(p => p.HasSaid && p.Has is null));

    /// <summary>Gives all memory back; no event may follow.</summary>
    public void Close() => _downloads?.Close();

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
            case SwarmEvent.PieceGained gained:
                OnGained(gained.Piece, now);
                break;
            case SwarmEvent.FileReady ready:
                _downloads?.OnLayerKnown(ready.File);
                AskAll(now);
                break;
            case SwarmEvent.PieceLost lost:
                OnLost(lost.Piece, now);
                break;
            case SwarmEvent.Tick:
                OnTick(now);
                break;
            default:
                HandleFromPeer(e, now);
                break;
        }
    }

    private void HandleFromPeer(SwarmEvent e, TimeSpan now)
    {
        switch (e)
        {
            case SwarmEvent.ChokeChanged m when Find(m.Peer, now) is { } peer:
                peer.IsChoking = m.Choked;
                peer.ForgetRefusals();
                if (Info is null) _metadata.Ask(now);
                if (m.Choked && !peer.Handshake.HasFast) _downloads?.ReleaseAll(peer); // with BEP 6 each request is rejected one by one
                Ask(peer, now);
                break;
            case SwarmEvent.InterestChanged m when Find(m.Peer, now) is { } peer:
                peer.IsInterested = m.Interested;
                DealSlots(now);
                break;
            case SwarmEvent.PeerHas m when Find(m.Peer, now) is { } peer:
                OnHas(peer, m, now);
                break;
            case SwarmEvent.PeerBitfield m when Find(m.Peer, now) is { } peer:
                OnBitfield(peer, m, now);
                break;
            case SwarmEvent.PieceSuggested m when Find(m.Peer, now) is { } peer:
                if (Have is not null && (uint)m.Piece < (uint)Have.Length && peer.Suggested.Count < MostSuggested) peer.Suggested.Enqueue(new PieceIndex(m.Piece));
                break;
            case SwarmEvent.PieceAsked m when Find(m.Peer, now) is { } peer:
                _suggestions?.OnAsked(peer.Key, m.Piece);
                Suggest(peer);
                break;
            case SwarmEvent.BlocksReceived m when Find(m.Peer, now) is { } peer:
                _downloads?.OnReceived(peer, m, now);
                Ask(peer, now);
                break;
            case SwarmEvent.BlocksReceived m:
                _downloads?.OnRefused(m);
                break;
            case SwarmEvent.KeptAlive m:
                Find(m.Peer, now);
                break;
            case SwarmEvent.BlockWasted m when Find(m.Peer, now) is { } peer:
                Wasted += m.Bytes;
                _downloads?.OnWasted(peer, m, now);
                Ask(peer, now);
                break;
            case SwarmEvent.PeerLost m when Find(m.Peer, now) is { } peer:
                OnPeerLost(peer, m, now);
                break;
            case SwarmEvent.FastAllowed m when Find(m.Peer, now) is { } peer:
                OnFastAllowed(peer, m, now);
                break;
            case SwarmEvent.UploadOnlyChanged m when Find(m.Peer, now) is { } peer:
                peer.IsUploadOnly = m.UploadOnly;
                DropIfUseless(peer);
                break;
            case SwarmEvent.RequestRejected m when Find(m.Peer, now) is { } peer:
                if (peer.IsChoking) peer.Disallow(m.Piece);
                _downloads?.OnRejected(peer, m.Piece, m.Block, now);
                AskAll(now);
                break;
            case SwarmEvent.ExtensionsKnown m when Find(m.Peer, now) is { } peer:
                peer.Extensions = m.Extensions;
                peer.Client = m.Extensions.Client ?? peer.Client;
                peer.Window.Limit(m.Extensions.RequestQueue);
                _neighbours.OnListens(peer, m.Extensions.ListenPort);
                _neighbours.OnSeen(peer, m.Extensions.YourAddress);
                peer.IsUploadOnly = m.Extensions.UploadOnly;
                if (DropIfUseless(peer)) break;
                _metadata.Ask(now);
                break;
            case SwarmEvent.MetadataReceived m when Find(m.Peer, now) is { } peer:
                if (!_metadata.OnMessage(peer, m, now)) Ban(peer, now);
                break;
            case SwarmEvent.PeersTold m when Find(m.Peer, now) is { } peer:
                if (_exchange.OnMessage(peer, m.Message, Info?.IsPrivate, now) is var reason and not CloseReason.None) _effects.Close(peer.Key, reason);
                ConnectMore(now);
                break;
            case SwarmEvent.LastBlockReceived m when Find(m.Peer, now) is { } peer:
                Ban(_metadata.OnLastBlock(peer, m, now), now);
                break;
            case SwarmEvent.HashesReceived m when Find(m.Peer, now) is { } peer:
                OnHashes(peer, m, now);
                break;
            case SwarmEvent.HashesRejected m when Find(m.Peer, now) is { } peer:
                _metadata.OnHashesRejected(peer, now);
                _hashes?.OnRejected(peer, m, now);
                break;
            case SwarmEvent.Uploaded m when _neighbours.Find(m.Peer) is { } peer:
                if (m.Total > peer.Upload.Total) peer.LastSent = now;
                peer.Upload.Add(m.Total - peer.Upload.Total);
                break;
        }
    }

    private Peer? Find(PeerKey key, TimeSpan now)
    {
        var peer = _neighbours.Find(key);
        if (peer is not null) peer.LastHeard = now;
        return peer;
    }

    private void OnConnected(SwarmEvent.PeerConnected e, TimeSpan now)
    {
        if (_neighbours.Admit(e, now, out var replaced) is null) return;
        if (e.Incoming) _counts.Incoming++;
        else _counts.Outgoing++;
        if (replaced is not null)
        {
            _downloads?.Forget(replaced);
            _metadata.Forget(replaced);
            AskAll(now);
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
        UpdateInterest(peer);
        Ask(peer, now);
    }

    private void OnClosed(Peer peer, CloseReason reason, TimeSpan now)
    {
        _downloads?.Forget(peer);
        _suggestions?.Forget(peer.Key);
        _metadata.Forget(peer);
        _neighbours.Release(peer, reason, now);
        if (reason is CloseReason.NothingToDo or CloseReason.TooMany || (reason == CloseReason.Disconnected && IsComplete && peer.OnlyGives)) _exchange.OnParted(peer);
        if (IsComplete && reason == CloseReason.Disconnected && peer.HasSaid && !peer.OnlyGives) _neighbours.CallBack(peer, now);
        DealSlots(now);
        ConnectMore(now);
        _metadata.Ask(now);
        _hashes?.Ask(now);
        AskAll(now);
    }

    private void OnContentOpened(SwarmEvent.ContentOpened e, TimeSpan now)
    {
        var (before, hadEnough) = (Have, OnlyGives);
        CloseDownloads();
        (_metadata.Info, Layers, Have, _fetch) = (e.Info, e.Layers, new Bitfield(e.Have), e.Fetch);
        _wishes = new Wishes(Have, e.Only?.Pieces);
        _downloads = new Downloads(e.Info, e.Layers, Have, _wishes, _buffers, _random, _effects, _neighbours.ByKey);
        _suggestions = new Suggestions(e.Info.Geometry, _random);
        LookForHashes();
        foreach (var peer in Peers.ToList())
        {
            if (peer.HasSaid) _downloads.OnPeerSaid(peer);
            if (peer.HasSaid) OfferFast(peer);
            TellNews(peer, before);
            foreach (var early in peer.Early) HandleFromPeer(early, now);
            peer.ForgetEarly();
            UpdateInterest(peer);
        }

        if (IsComplete) Finish(now);
        if (hadEnough && Wants) _neighbours.Reconsider(now);
        ConnectMore(now);
        _hashes?.Ask(now);
        AskAll(now);
    }

    private void LookForHashes()
    {
        var picker = Layers!.Missing > 0 && Wants ? new HashPicker(Info!, Layers, _wishes!.Wanted, _options.QuestionTimeout) : null;
        _hashes = new HashExchange(picker, Info!.InfoHashV1, _downloads!, _options, _effects, Peers);
    }

    /// <summary>Somebody wants pieces of the open content otherwise; before it is open there are none.</summary>
    private void OnWished(SwarmEvent e, TimeSpan now)
    {
        if (_downloads is null) return;

        var (wasComplete, wanted) = (IsComplete, _wishes!.Wanted.Count);
        if (e is SwarmEvent.Prioritized p) _downloads.Prioritize(p.Range, p.Priority);
        if (e is SwarmEvent.Preferred d) _downloads.Prefer(d.Range, d.At);
        if (e is SwarmEvent.OrderChosen o) _downloads.IsInOrder = o.InOrder;
        if (Layers!.Missing > 0 && _wishes.Wanted.Count > wanted)
        {
            foreach (var peer in Peers) peer.OpenQuestions = 0;
            LookForHashes();
        }

        foreach (var peer in Peers) UpdateInterest(peer);
        if (IsComplete && !wasComplete) Finish(now);
        ConnectMore(now);
        _hashes?.Ask(now);
        AskAll(now);
    }

    /// <summary>The content is opened anew, perhaps another copy of it: what was under way belongs to the old one.</summary>
    private void CloseDownloads()
    {
        if (_downloads is null) return;

        foreach (var peer in Peers)
        {
            _downloads.Forget(peer);
            peer.OpenQuestions = 0;
        }

        _downloads.Close();
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

    /// <summary>What a peer says of pieces before the piece space is known is kept until it is.</summary>
    private bool IsTooEarly(Peer peer, SwarmEvent e)
    {
        if (_downloads is not null) return false;

        if (!peer.TryRemember(e)) _effects.Close(peer.Key, CloseReason.BadBitfield);
        return true;
    }

    /// <summary>A peer that names a piece that there is not is closed.</summary>
    private bool IsNoPiece(Peer peer, int piece)
    {
        if ((uint)piece < (uint)Have!.Length) return false;

        _effects.Close(peer.Key, CloseReason.OutOfRange);
        return true;
    }

    private void OnGained(PieceIndex piece)
    {
        _downloads!.OnPeerGained(piece);
        _suggestions!.OnHas(piece);
    }

    private void OnHas(Peer peer, SwarmEvent.PeerHas e, TimeSpan now)
    {
        if (IsTooEarly(peer, e) || IsNoPiece(peer, e.Piece)) return;

        if (!peer.Gain(new PieceIndex(e.Piece), Have!.Length)) return;

        OnGained(new PieceIndex(e.Piece));
        if (DropIfUseless(peer)) return;

        UpdateInterest(peer);
        if (_hashes!.LacksLayers) _hashes.Ask(peer, now);
        Ask(peer, now);
    }

    private void OnBitfield(Peer peer, SwarmEvent.PeerBitfield e, TimeSpan now)
    {
        if (IsTooEarly(peer, e)) return;

        if (!peer.TryTake(e, Have!.Length, out var gained))
        {
            _effects.Close(peer.Key, CloseReason.BadBitfield);
            return;
        }

        if (gained is null)
        {
            _downloads!.OnPeerSaid(peer);
            OfferFast(peer);
        }

        foreach (var piece in gained ?? []) OnGained(piece);
        if (DropIfUseless(peer)) return;

        UpdateInterest(peer);
        _hashes!.Ask(peer, now);
        Ask(peer, now);
    }

    private void OnPeerLost(Peer peer, SwarmEvent.PeerLost e, TimeSpan now)
    {
        if (IsTooEarly(peer, e) || IsNoPiece(peer, e.Piece)) return;

        var wasUncounted = peer.Has is null;
        if (!peer.Lose(new PieceIndex(e.Piece), Have!.Length)) return;

        if (wasUncounted) _downloads!.OnPeerSaid(peer); // seeds are not counted piece by piece
        else _downloads!.OnPeerLost(new PieceIndex(e.Piece));
        if (!peer.Handshake.HasFast) _downloads!.ReleaseAll(peer); // with BEP 6 it rejects what it was asked for and has no longer
        UpdateInterest(peer);
        AskAll(now);
    }

    private void OnFastAllowed(Peer peer, SwarmEvent.FastAllowed e, TimeSpan now)
    {
        if (IsTooEarly(peer, e) || IsNoPiece(peer, e.Piece)) return;

        peer.Allow(new PieceIndex(e.Piece), Have!.Length);
        Ask(peer, now);
    }

    /// <summary>A peer that has next to nothing need not wait for its turn with a few pieces that are common already (BEP 6).</summary>
    private void OfferFast(Peer peer)
    {
        if (!_options.Upload || !peer.Handshake.HasFast || peer.Has is not { Count: < AllowedFast.Largest } has) return;

        var seeds = Peers.Count(p => p.IsSeed);
        foreach (var piece in AllowedFast.SetOf(peer.EndPoint, peer.Handshake.Key, Have!.Length, AllowedFast.SizeFor(Info!.Geometry.PieceLength)))
        {
            if (Have[piece] && !has[piece] && _downloads!.Availability[piece] + seeds >= AllowedFast.Common) _effects.SendAllowedFast(peer.Key, piece);
        }
    }

    private void OnHashes(Peer peer, SwarmEvent.HashesReceived e, TimeSpan now)
    {
        if (!_metadata.OnHashes(peer, e, now)) Ban(peer, now);
        if (_hashes is null) return;

        Ban(_hashes.OnHashes(peer, e, now, out var freed), now);
        if (freed) AskAll(now);
    }

    private void OnStored(SwarmEvent.PieceStored e, TimeSpan now)
    {
        if (!_downloads!.IsOpen(e.Piece)) return; // of a copy that is not ours any more

        Ban(_downloads.OnStored(e.Piece, e.Status), now);
        if (e.Status == PutStatus.Corrupt)
        {
            _counts.Corrupt++;
            _hashes?.Ask(now);
        }

        if (e.Status == PutStatus.Failed)
        {
            _counts.DiskFailures++;
            _diskRestsUntil = now + DiskRest; // a full disk stays full for a while
        }

        if (e.Status == PutStatus.Stored) TellOf(e.Piece, now);
        AskAll(now);
    }

    /// <summary>A piece came without a peer: found in the store, or by another that writes to the content. What is on its way is entered when it is stored.</summary>
    private void OnGained(PieceIndex piece, TimeSpan now)
    {
        if (Have is null || Have[piece] || IsOpen(piece)) return;

        _downloads!.OnGained(piece);
        TellOf(piece, now);
        foreach (var peer in Peers) UpdateInterest(peer);
    }

    private void TellOf(PieceIndex piece, TimeSpan now)
    {
        foreach (var peer in Peers)
        {
            if (!peer.HasPiece(piece)) _effects.SendHave(peer.Key, piece);
        }

        if (IsComplete) Finish(now);
    }

    private void OnLost(PieceIndex piece, TimeSpan now)
    {
        if (Have is null || !Have.Clear(piece)) return;

        _downloads!.OnLost(piece);
        foreach (var peer in Peers)
        {
            if (peer.Extensions is { DontHaveId: > 0 }) _effects.SendDontHave(peer.Key, piece);
            UpdateInterest(peer);
        }

        ConnectMore(now);
        AskAll(now);
    }

    private void Finish(TimeSpan now)
    {
        foreach (var peer in Peers.ToList())
        {
            if (!DropIfUseless(peer)) UpdateInterest(peer);
        }

        DealSlots(now);
        _effects.Completed();
    }

    /// <summary>Two who want nothing have nothing to say to each other (BEP 21).</summary>
    private bool DropIfUseless(Peer peer)
    {
        if (!OnlyGives || !peer.OnlyGives || Have!.Length == 0) return false; // without pieces there is still the metadata to give

        _effects.Close(peer.Key, CloseReason.NothingToDo);
        return true;
    }

    private void UpdateInterest(Peer peer)
    {
        var interested = Wants && _wishes?.AreServedBy(peer) == true;
        if (interested == peer.AmInterested) return;

        peer.AmInterested = interested;
        _effects.SendInterest(peer.Key, interested);
    }

    private void Ask(Peer peer, TimeSpan now)
    {
        if (_downloads is null || !Wants || !peer.MayBeAsked || !peer.AmInterested || now < _diskRestsUntil) return;
        if (peer.WebSeed is not null && !_webSeeds.AreNeeded) return;

        _downloads.Ask(peer, now);
    }

    private void AskAll(TimeSpan now)
    {
        foreach (var peer in Peers) Ask(peer, now);
    }

    private void DealSlots(TimeSpan now)
    {
        if (Have is null) return;

        foreach (var (peer, choke) in _choker.Decide(Peers, IsComplete, now))
        {
            peer.AmChoking = choke;
            if (choke) _suggestions?.Forget(peer.Key);
            else peer.UnchokedAt = now;
            Suggest(peer); // first, so that it begins with that
            _effects.SendChoke(peer.Key, choke);
        }
    }

    /// <summary>A seed has several downloaders begin with different pieces, which they can then give each other.</summary>
    private void Suggest(Peer peer)
    {
        if (Have is not { IsFull: true } || peer.AmChoking || !peer.Handshake.HasFast || Peers.Count(p => p.IsInterested) < 2) return;

        foreach (var piece in _suggestions!.Next(peer.Key, _downloads!.Availability, peer.Upload.BytesPerSecond)) _effects.SendSuggest(peer.Key, piece);
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
            if (!DropIfUseless(peer)) _effects.SendUploadOnly(peer.Key, OnlyGives);
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

            if (peer.Owed.Count > 0 && !peer.IsSnubbed && now - peer.LastBlock > _options.SnubAfter) _downloads!.Snub(peer);
            UpdateInterest(peer);
        }

        ConnectMore(now);
        _metadata.Ask(now);
        _exchange.Tick(Info?.IsPrivate, now);
        SayWhetherOnlyGives();
        _webSeeds.Tick(Have is not null && Wants, Peers, now);
        _hashes?.Ask(now);
        DealSlots(now);
        AskAll(now);
    }
}
