using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Shoal.Core;
using Shoal.Core.Geometry;
using Shoal.Core.Merkle;
using Shoal.Core.Metainfo;
using Shoal.Engine.Buffers;
using Shoal.Engine.Limits;
using Shoal.Engine.Peers;
using Shoal.Engine.Serving;
using Shoal.Engine.WebSeeds;
using Shoal.Storage;
using Shoal.Wire;
using Shoal.Wire.Extensions;
using Shoal.Wire.Transport;

namespace Shoal.Engine;

/// <summary>
/// The shell of one swarm: reads its mailbox, lets the core decide, and does what it says with connections and content. Owns the core and the sessions; others post
/// events or read <see cref="Snapshot"/>. A full mailbox makes the peers' readers wait.
/// </summary>
public sealed class SwarmLoop : ISwarmEffects, IAsyncDisposable
{
    private const int MailboxSize = 4096;
    private static readonly TimeSpan TickInterval = TimeSpan.FromMilliseconds(100);

    private readonly EngineShared _shared;
    private readonly Channel<Mail> _mailbox = Channel.CreateBounded<Mail>(new BoundedChannelOptions(MailboxSize) { SingleReader = true });
    private readonly CancellationTokenSource _stopping = new();
    private readonly Dictionary<PeerKey, PeerSession> _sessions = [];
    private readonly SwarmView _view = new();
    private readonly WebSeedSessions _webSeeds;
    private readonly TaskCompletionSource<TorrentInfo> _metadata = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Outstanding _outstanding = new();
    private readonly ITimer _timer;
    private readonly Swarm _swarm;
    private readonly Task _running;
    private readonly CancellationToken _stopped;
    private readonly Lock _lock = new();
    private TaskCompletionSource _completed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ISwarmContent? _content;
    private TorrentContent? _target;
    private int _opened;
    private int _openedHere;
    private HashServer? _hashes;
    private Task? _disposing;
    private volatile bool _tickMissed;
    private volatile SwarmKeys _keys;
    private bool _ticking = true;
    private int _nextKey;

    internal SwarmLoop(SwarmNames name, EngineShared shared)
    {
        (Name, _shared, _keys) = (name, shared, name.Keys);
        _swarm = new Swarm(name, shared.Options.PeerId, shared.Options.Swarm, shared.Buffers, new Random(shared.NextSeed()), this);
        _stopped = _stopping.Token;
        Limits = TransferLimits.Within(shared.Limits);
        _webSeeds = new WebSeedSessions(shared, Limits, e => _mailbox.Writer.WriteAsync(new Mail(e, null), _stopped), _stopped);
        _timer = shared.Clock.CreateTimer(_ => _tickMissed = !_mailbox.Writer.TryWrite(new Mail(new SwarmEvent.Tick(), null)), null, TickInterval, TickInterval);
        _running = RunAsync();
    }

    /// <summary>What was known of its name when it was joined.</summary>
    public SwarmNames Name { get; }

    public InfoHash InfoHash => Name.Id;

    /// <summary>The keys under which peers of this content meet, v2 first: two, once it is known to be a hybrid.</summary>
    public IReadOnlyList<Hash160> Keys => _keys.Torrent;

    /// <summary>Second keys, of the file or chunk that the content is: nodes of our own kind meet under them, in plain.</summary>
    public IReadOnlyList<Hash160> Ids => _keys.Ids;

    internal SwarmKeys AllKeys => _keys;

    /// <summary>Of this torrent alone, within those of the engine; may be changed at any time. What is to hold when it is joined again goes through <see cref="TorrentEngine.Limit"/>.</summary>
    public TransferLimits Limits { get; }

    /// <summary>How it stands, published with each tick.</summary>
    public SwarmSnapshot Snapshot { get; private set; } = SwarmSnapshot.Empty;

    /// <summary>The info dictionary, once it is known.</summary>
    /// <exception cref="SwarmException">What the infohash names is no torrent that can be fetched.</exception>
    public Task<TorrentInfo> Metadata => _metadata.Task;

    /// <summary>Ends when every piece that is wanted is present.</summary>
    /// <exception cref="StoreException">The disk failed.</exception>
    public Task Completed => _completed.Task;

    /// <summary>A piece came from a peer, at that address or URL. Raised by the loop; must return quickly.</summary>
    public event Action<PieceIndex, string>? PieceArrived;

    /// <param name="named">Whether the user named them, in a link or by an option.</param>
    /// <param name="wantIt">Whether they announced themselves, and so may wait for a seed to call.</param>
    public void AddPeers(IReadOnlyList<NetEndPoint> endPoints, bool named = false, bool wantIt = false) => Post(new SwarmEvent.PeersFound(endPoints, named, wantIt));

    /// <summary>Web servers that have the content (BEP 19): asked when peers give too little. What is no URL of a web server is passed over.</summary>
    public void AddWebSeeds(IEnumerable<string> urls)
    {
        var usable = new List<Uri>();
        foreach (var text in urls)
        {
            if (WebSeedUrl.TryParse(text, out var url)) usable.Add(url);
        }

        if (usable.Count > 0) Post(new SwarmEvent.WebSeedsKnown(usable));
    }

    /// <summary>Gives the swarm its content, or another copy of it: from now on it serves what is there and fetches what is not.</summary>
    /// <param name="fetch">False to serve what is there and no more.</param>
    /// <param name="only">The files wanted; null for all.</param>
    public void Open(TorrentContent content, bool fetch, Selection? only = null) => Open(content, content, fetch, only);

    /// <summary>Gives the swarm content of which it serves what is there, and what comes to it.</summary>
    public void Open(ISwarmContent content) => Open(content, content as TorrentContent, fetch: false, null);

    private void Open(ISwarmContent content, TorrentContent? target, bool fetch, Selection? only)
    {
        if (_content is { } before) Leave(before);
        _hashes = new HashServer(content.Info, content.Layers, content.TryReadLeavesAsync, content.TryReadNodesAsync);
        (_content, _target) = (content, target);
        var present = content.CopyPresent();
        if (present.Lacks((only ??= Selection.All(content.Info.Geometry)).Pieces) && _completed.Task.IsCompleted) _completed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Interlocked.Increment(ref _opened);
        content.Lost += OnLost;
        Post(new SwarmEvent.ContentOpened(content.Info, content.Layers, present, fetch, only));
        content.Gained += OnGained;
        var now = content.CopyPresent();
        for (var piece = now.NextSet(0); piece >= 0; piece = now.NextSet(piece + 1))
        {
            if (!present[piece]) OnGained(new PieceIndex(piece)); // it came in between
        }
    }

    private void Leave(ISwarmContent content)
    {
        content.Lost -= OnLost;
        content.Gained -= OnGained;
    }

    /// <summary>Pieces of the open content are wanted more, less, or not at all.</summary>
    public void Prioritize(PieceRange range, PiecePriority priority) => Post(new SwarmEvent.Prioritized(Within(range), priority));

    /// <summary>So are all pieces that hold bytes of a file.</summary>
    public void Prioritize(FileIndex file, PiecePriority priority) =>
        Prioritize(new PieceRange(Geometry.FirstPiece(file), Geometry.PieceCountOf(file)), priority);

    /// <summary>Pieces of the open content are needed within a time from now, since somebody reads there: they come before all others, the soonest first. The last word on a piece counts.</summary>
    public void Prefer(PieceRange range, TimeSpan within) => Post(new SwarmEvent.Preferred(Within(range), _shared.Now + within));

    /// <summary>Whether pieces of the open content are begun in its order, and not the rarest first.</summary>
    public void FetchInOrder(bool inOrder) => Post(new SwarmEvent.OrderChosen(inOrder));

    private TorrentGeometry Geometry => (_content ?? throw new InvalidOperationException("no content is open")).Info.Geometry;

    private PieceRange Within(PieceRange range) => range.First >= 0 && range.Count >= 0 && range.First + range.Count <= Geometry.PieceCount
        ? range
        : throw new ArgumentOutOfRangeException(nameof(range));

    /// <summary>Closes all connections, waits for the disk, and ends.</summary>
    public ValueTask DisposeAsync()
    {
        lock (_lock) return new(_disposing ??= StopAsync());
    }

    private async Task StopAsync()
    {
        await _timer.DisposeAsync();
        await _stopping.CancelAsync();
        _mailbox.Writer.TryComplete();
        await _running;
        await _outstanding.WaitAsync();
        _swarm.Close();
        _webSeeds.Dispose();
        if (_content is { } content) Leave(content);
        _metadata.TrySetCanceled();
        _completed.TrySetCanceled();
        _stopping.Dispose();
    }

    /// <summary>Takes over a connection whose handshake is done, and runs it to its end.</summary>
    /// <param name="received">Bytes of messages that came with the handshake.</param>
    internal async Task RunPeerAsync(ITransportConnection transport, Handshake handshake, bool incoming, NetEndPoint dialled, ReadOnlyMemory<byte> received)
    {
        if (!_outstanding.TryEnter())
        {
            await transport.DisposeAsync();
            return;
        }

        var key = new PeerKey(Interlocked.Increment(ref _nextKey));
        var session = new PeerSession(key, handshake, e => _mailbox.Writer.WriteAsync(new Mail(e, null), _stopped), OnPortHeard) { Upload = _shared.Dialler.LimitsFor(dialled, Limits)?.Upload };
        session.Connection = new PeerConnection(transport, session);
        try
        {
            using var stop = _stopped.Register(static c => ((PeerConnection)c!).Close(CloseReason.Stopping), session.Connection);
            var connected = new SwarmEvent.PeerConnected(key, dialled, handshake, incoming, transport.LocalEndPoint);
            await _mailbox.Writer.WriteAsync(new Mail(connected, session), _stopped);
            var reason = await RunSessionAsync(session, received);
            await _mailbox.Writer.WriteAsync(new Mail(new SwarmEvent.PeerClosed(key, reason), null), _stopped);
            Log.PeerClosed(_shared.Logger, dialled, reason);
        }
        catch (Exception e) when (e is OperationCanceledException or ChannelClosedException)
        {
            // the swarm stops
        }
        finally
        {
            session.Close();
            await transport.DisposeAsync();
            _outstanding.Leave();
        }
    }

    private async Task<CloseReason> RunSessionAsync(PeerSession session, ReadOnlyMemory<byte> received)
    {
        try
        {
            return await session.Connection.RunAsync(received);
        }
        catch (Exception e) when (e is not (OperationCanceledException or ChannelClosedException))
        {
            Log.ConnectionFailed(_shared.Logger, e); // ours: it ends this connection and says so
            return CloseReason.OurFault;
        }
        finally
        {
            session.Close();
        }
    }

    private async Task RunAsync()
    {
        try
        {
            var mail = _mailbox.Reader;
            while (await mail.WaitToReadAsync())
            {
                while (mail.TryRead(out var m))
                {
                    if (_stopping.IsCancellationRequested) return;

                    Handle(m, _shared.Now);
                    if (!_tickMissed) continue;

                    _tickMissed = false;
                    Handle(new Mail(new SwarmEvent.Tick(), null), _shared.Now);
                }
            }
        }
        catch (Exception e)
        {
            Fail(e);
        }
    }

    /// <summary>A defect of ours: the swarm ends, and whoever waits for it learns why.</summary>
    private void Fail(Exception error)
    {
        Log.SwarmFailed(_shared.Logger, InfoHash, error);
        _metadata.TrySetException(error);
        _completed.TrySetException(error);
        _stopping.Cancel();
    }

    private void Handle(Mail mail, TimeSpan now)
    {
        if (!_ticking)
        {
            _ticking = true;
            _timer.Change(TickInterval, TickInterval);
        }

        switch (mail.Event)
        {
            case SwarmEvent.PeerConnected e:
                _sessions[e.Peer] = mail.Newcomer!;
                _view.RememberAddress(e.Peer, e.EndPoint.ToString(), _sessions.ContainsKey);
                SetContent(mail.Newcomer!);
                break;
            case SwarmEvent.PeerClosed e:
                if (_sessions.Remove(e.Peer, out var session)) Retire(session, now);
                break;
            case SwarmEvent.WebSeedConnected e:
                _view.RememberAddress(e.Peer, e.Url.AbsoluteUri, _sessions.ContainsKey);
                break;
            case SwarmEvent.WebSeedEnded e:
                _webSeeds.Forget(e.Peer);
                if (_swarm.Peers.FirstOrDefault(p => p.Key == e.Peer) is { } ended) _view.Remember(ended);
                break;
            case SwarmEvent.ContentOpened e:
                LearnKeys(e.Info);
                foreach (var known in _sessions.Values) SetContent(known);
                _openedHere++;
                _view.OnOpened(e.Info.Geometry, e.Have, e.Only!);
                _metadata.TrySetResult(e.Info);
                break;
            case SwarmEvent.PieceStored { Status: PutStatus.Stored } e when _swarm.IsOpen(e.Piece):
                _view.OnStored(e.Piece, now);
                break;
            case SwarmEvent.BlocksReceived e:
                _view.OnReceived(e.Bytes);
                break;
            case SwarmEvent.PieceGained e when _swarm.Have is { } have && !have[e.Piece] && !_swarm.IsOpen(e.Piece):
                _view.OnGained(e.Piece);
                break;
            case SwarmEvent.PieceLost e when _swarm.Have is { } have && have[e.Piece]:
                _view.OnLost(e.Piece);
                break;
            case SwarmEvent.Tick:
                BeforeTick(now);
                break;
        }

        _swarm.Handle(mail.Event, now);
        _webSeeds.Flush();
        if (mail.Event is SwarmEvent.Tick) AfterTick();
    }

    private void LearnKeys(TorrentInfo info)
    {
        var before = _keys;
        _keys = SwarmKeys.Of(info, before);
        if (_keys != before) _shared.KeysLearnt(this, before);
    }

    private void SetContent(PeerSession session)
    {
        if (_content is { } content) session.SetContent(content.Info.Geometry, content.TryReadAsync, _hashes!);
    }

    private void BeforeTick(TimeSpan now)
    {
        foreach (var session in _sessions.Values) CountUploaded(session, now);
        _view.Tick(now);
    }

    private void CountUploaded(PeerSession session, TimeSpan now)
    {
        var total = session.Uploaded;
        if (_swarm.Peers.FirstOrDefault(p => p.Key == session.Key) is not { } peer || peer.Upload.Total == total) return;

        session.SendRate = peer.Upload.BytesPerSecond;
        _view.OnUploaded(total - peer.Upload.Total);
        _swarm.Handle(new SwarmEvent.Uploaded(session.Key, total), now);
    }

    private void AfterTick()
    {
        Publish();
        if (!_swarm.IsIdle || _view.IsMoving) return;

        _ticking = false; // until something happens
        _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    private void Publish() => Snapshot = _view.Draw(_swarm);

    private void Retire(PeerSession session, TimeSpan now)
    {
        CountUploaded(session, now);
        if (_swarm.Peers.FirstOrDefault(p => p.Key == session.Key) is { } peer) _view.Remember(peer);
    }

    private void Post(SwarmEvent e)
    {
        if (!_mailbox.Writer.TryWrite(new Mail(e, null))) _ = PostLaterAsync(e);
    }

    private async Task PostLaterAsync(SwarmEvent e)
    {
        try
        {
            await _mailbox.Writer.WriteAsync(new Mail(e, null), _stopped);
        }
        catch (Exception stopped) when (stopped is OperationCanceledException or ChannelClosedException)
        {
            // nobody is left to tell
        }
    }

    private void OnGained(PieceIndex piece) => Post(new SwarmEvent.PieceGained(piece));

    private void OnLost(PieceIndex piece) => Post(new SwarmEvent.PieceLost(piece));

    private void OnPortHeard(PeerSession session, int port) => _shared.HearPort(session.Connection.Transport.RemoteEndPoint.WithPort(port), InfoHash);

    private PeerSession? Find(PeerKey peer) => _sessions.GetValueOrDefault(peer);

    void ISwarmEffects.Connect(NetEndPoint endPoint) => _ = ConnectAsync(endPoint);

    private async Task ConnectAsync(NetEndPoint endPoint)
    {
        if (!_outstanding.TryEnter()) return;

        try
        {
            var opened = await _shared.Dialler.TryOpenAsync(endPoint, _keys, Name.MayBeRun && !_metadata.Task.IsCompleted, Limits, _stopped);
            if (opened is null) await PostLaterAsync(new SwarmEvent.ConnectFailed(endPoint));
            else await RunPeerAsync(opened.Connection, opened.Handshake, incoming: false, endPoint, opened.Received);
        }
        catch (Exception e)
        {
            Log.ConnectionFailed(_shared.Logger, e);
            await PostLaterAsync(new SwarmEvent.ConnectFailed(endPoint));
        }
        finally
        {
            _outstanding.Leave();
        }
    }

    void ISwarmEffects.ConnectWebSeed(Uri url) => _ = ConnectWebSeedAsync(url);

    private async Task ConnectWebSeedAsync(Uri url)
    {
        if (!_outstanding.TryEnter()) return;

        try
        {
            await _webSeeds.ConnectAsync(new PeerKey(Interlocked.Increment(ref _nextKey)), url, _content!.Info);
        }
        catch (Exception e) when (e is OperationCanceledException or ChannelClosedException)
        {
            // the swarm stops
        }
        catch (Exception e)
        {
            Fail(e);
        }
        finally
        {
            _outstanding.Leave();
        }
    }

    void ISwarmEffects.Close(PeerKey peer, CloseReason reason)
    {
        if (reason is CloseReason.Corrupt or CloseReason.Duplicate && _swarm.Peers.FirstOrDefault(p => p.Key == peer) is { } known)
        {
            _view.Remember(known); // it is no peer any more, though its connection has yet to end
            if (reason == CloseReason.Corrupt) Log.PeerBanned(_shared.Logger, known.Address);
        }

        Find(peer)?.Connection.Close(reason);
        _webSeeds.Close(peer);
    }

    void ISwarmEffects.SendExtensions(PeerKey peer, Introduction introduction) => Find(peer)?.SendExtensions(_shared.Options, introduction);

    void ISwarmEffects.SendPeers(PeerKey peer, PexMessage message) => Find(peer)?.SendPeers(message);

    void ISwarmEffects.SendBitfield(PeerKey peer, Bitfield? have) => Find(peer)?.SendBitfield(have, _shared.Options.DhtPort);

    void ISwarmEffects.SendHave(PeerKey peer, PieceIndex piece) => Find(peer)?.SendHave(piece);

    void ISwarmEffects.SendDontHave(PeerKey peer, PieceIndex piece) => Find(peer)?.SendDontHave(piece);

    void ISwarmEffects.SendAllowedFast(PeerKey peer, PieceIndex piece) => Find(peer)?.SendAllowedFast(piece, _content!.Info.Geometry.LengthOf(piece));

    void ISwarmEffects.SendUploadOnly(PeerKey peer, bool uploadOnly) => Find(peer)?.SendUploadOnly(uploadOnly);

    void ISwarmEffects.SendSuggest(PeerKey peer, PieceIndex piece) => Find(peer)?.SendSuggest(piece);

    void ISwarmEffects.SendChoke(PeerKey peer, bool choked) => Find(peer)?.SetChoke(choked);

    void ISwarmEffects.SendInterest(PeerKey peer, bool interested) => Find(peer)?.SendInterest(interested);

    void ISwarmEffects.SendKeepAlive(PeerKey peer) => Find(peer)?.SendKeepAlive();

    void ISwarmEffects.SendRequest(PeerKey peer, PieceIndex piece, BlockIndex block, PieceBuffer buffer)
    {
        _view.OnAsked(_shared.Now);
        if (_webSeeds.TryRequest(peer, piece, block, buffer) || Find(peer) is not { } session) return;

        session.Expect(piece, block, buffer);
        session.SendBlockMessage(MessageType.Request, _content!.Info.Geometry, piece, block);
    }

    void ISwarmEffects.SendCancel(PeerKey peer, PieceIndex piece, BlockIndex block)
    {
        _webSeeds.Cancel(peer, piece, block);
        if (Find(peer) is not { } session) return;

        session.Unexpect(piece, block);
        session.SendBlockMessage(MessageType.Cancel, _content!.Info.Geometry, piece, block);
    }

    void ISwarmEffects.SendHashRequest(PeerKey peer, HashRequest request) => Find(peer)?.SendHashRequest(request);

    void ISwarmEffects.SendLastBlockRequest(PeerKey peer, BlockRequest request) => Find(peer)?.SendLastBlockRequest(request);

    void ISwarmEffects.SendMetadata(PeerKey peer, MetadataMessage message, ReadOnlyMemory<byte> data) => Find(peer)?.SendMetadata(message, data);

    void ISwarmEffects.MetadataKnown(TorrentInfo info)
    {
        LearnKeys(info);
        _metadata.TrySetResult(info);
    }

    void ISwarmEffects.MetadataUnusable(MetainfoError error) => _metadata.TrySetException(new SwarmException(error));

    bool ISwarmEffects.LayerKnown(FileIndex file)
    {
        if (_target is not { } content) return false;

        content.LayersChanged(file);
        if (!content.MayReuse(file)) return false;

        _ = ReuseAsync(content, file);
        return true;
    }

    private async Task ReuseAsync(TorrentContent content, FileIndex file)
    {
        if (!_outstanding.TryEnter()) return;

        try
        {
            await content.ReuseAsync(file, _stopped);
            await PostLaterAsync(new SwarmEvent.FileReady(file));
        }
        catch (OperationCanceledException)
        {
            // the swarm stops
        }
        catch (StoreException e)
        {
            _completed.TrySetException(e); // the disk failed
            await PostLaterAsync(new SwarmEvent.FileReady(file));
        }
        catch (Exception e)
        {
            Fail(e);
        }
        finally
        {
            _outstanding.Leave();
        }
    }

    void ISwarmEffects.StorePiece(PieceIndex piece, PieceBuffer buffer) =>
        _ = StoreAsync(buffer, content => content.PutAsync(piece, buffer.Memory, CancellationToken.None), status => new SwarmEvent.PieceStored(piece, status));

    void ISwarmEffects.StoreRun(PieceIndex piece, PieceBuffer buffer, PieceLeaves? leaves) => _ = StoreAsync(
        buffer,
        content => new(content.PutRunAsync(piece, buffer.First * TorrentGeometry.BlockLength, buffer.Memory, leaves, CancellationToken.None)),
        status => new SwarmEvent.RunStored(piece, buffer, status));

    void ISwarmEffects.EnterPiece(PieceIndex piece) =>
        _ = StoreAsync(null, content => new(content.EnterAsync(piece, CancellationToken.None)), status => new SwarmEvent.PieceStored(piece, status));

    private async Task StoreAsync(PieceBuffer? buffer, Func<TorrentContent, ValueTask<PutOutcome>> put, Func<PutStatus, SwarmEvent> tell)
    {
        if (!_outstanding.TryEnter()) return;

        buffer?.AddReference();
        try
        {
            var outcome = await put(_target!);
            if (outcome.Error is { } error) _completed.TrySetException(error);
            await PostLaterAsync(tell(outcome.Status));
        }
        catch (Exception e)
        {
            Fail(e);
        }
        finally
        {
            buffer?.Release();
            _outstanding.Leave();
        }
    }

    void ISwarmEffects.PieceArrived(PieceIndex piece, PeerKey giver)
    {
        if (PieceArrived is { } arrived && _view.AddressOf(giver) is { } from) arrived(piece, from);
    }

    void ISwarmEffects.Completed()
    {
        Publish();
        if (_openedHere == Volatile.Read(ref _opened)) _completed.TrySetResult();
    }

    private readonly record struct Mail(SwarmEvent Event, PeerSession? Newcomer);
}
