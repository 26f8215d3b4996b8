using System.Threading.Channels;
using Shoal.Core.Geometry;
using Shoal.Core.Metainfo;
using Shoal.Engine.Buffers;
using Shoal.Engine.Peers;

namespace Shoal.Engine.WebSeeds;

/// <summary>
/// A web seed as a peer: it is asked for blocks, gets runs of neighbours with one request for each file, and copies them into their pieces. The loop adds and takes back, one task fetches.
/// It decides nothing and proves nothing: what comes is proven as from any peer.
/// </summary>
internal sealed class WebSeedSession : IDisposable
{
    private const int MaxRun = 512; // blocks: 8 MiB in one request
    private const int MaxUntold = 8;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20); // without a byte
    private static readonly TimeSpan TellAfter = TimeSpan.FromMilliseconds(200);

    private readonly PeerKey _key;
    private readonly Uri _url;
    private readonly TorrentInfo _info;
    private readonly WebSeedClient _client;
    private readonly Func<SwarmEvent, ValueTask> _post;
    private readonly TimeProvider _clock;
    private readonly CancellationTokenSource _closing;
    private readonly CancellationTokenSource _patience;
    private readonly Lock _lock = new();
    private readonly List<(PieceIndex Piece, BlockIndex Block)> _waiting = [];
    private readonly ExpectedBlocks _expected = new();
    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly byte[] _scratch = new byte[TorrentGeometry.BlockLength];
    private (PieceIndex Piece, BlockIndex First, int Count, int Bytes) _untold;
    private long _toldAt;
    private WebSeedAnswer? _answer;
    private long _left;

    /// <param name="post">Tells the loop; waits while its mailbox is full.</param>
    /// <param name="client">Owned from now on.</param>
    public WebSeedSession(PeerKey key, Uri url, TorrentInfo info, WebSeedClient client, Func<SwarmEvent, ValueTask> post, TimeProvider clock, CancellationToken ct)
    {
        (_key, _url, _info, _client, _post, _clock) = (key, url, info, client, post, clock);
        _closing = CancellationTokenSource.CreateLinkedTokenSource(ct);
        _patience = new CancellationTokenSource(Timeout.InfiniteTimeSpan, clock);
    }

    /// <summary>Whether anything came.</summary>
    public bool WasUseful { get; private set; }

    /// <summary>Not before that, the server says.</summary>
    public TimeSpan RetryAfter { get; private set; }

    /// <summary>Loop: a block was asked for. What is asked for together is fetched together, once <see cref="Flush"/> is called.</summary>
    public void Request(PieceIndex piece, BlockIndex block, PieceBuffer buffer)
    {
        _expected.Add(piece, block, buffer);
        lock (_lock) _waiting.Add((piece, block));
    }

    /// <summary>Loop: a block is not wanted any more. It may come all the same.</summary>
    public void Cancel(PieceIndex piece, BlockIndex block)
    {
        bool wasWaiting;
        lock (_lock) wasWaiting = _waiting.Remove((piece, block));
        if (wasWaiting) _expected.TryDrop(piece, block * TorrentGeometry.BlockLength);
        else _expected.Unwant(piece, block);
    }

    public void Flush() => _wake.Writer.TryWrite(true);

    /// <summary>Lets go of it; <see cref="RunAsync"/> ends.</summary>
    public void Close() => _ = _closing.CancelAsync();

    /// <summary>Fetches what is asked for until it fails or is closed.</summary>
    public async Task<WebSeedEnd> RunAsync()
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(_closing.Token, _patience.Token);
        var run = new List<(PieceIndex Piece, BlockIndex Block)>();
        try
        {
            while (true)
            {
                if (!TryTakeRun(run))
                {
                    _patience.CancelAfter(Timeout.InfiniteTimeSpan);
                    await _wake.Reader.ReadAsync(either.Token);
                    continue;
                }

                if (await FetchAsync(run, either.Token) is var end and not WebSeedEnd.LetGo) return end;
            }
        }
        catch (OperationCanceledException)
        {
            return _closing.IsCancellationRequested ? WebSeedEnd.LetGo : WebSeedEnd.Later;
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return _closing.IsCancellationRequested ? WebSeedEnd.LetGo : WebSeedEnd.Later;
        }
        finally
        {
            Drop();
            _expected.Close();
        }
    }

    public void Dispose()
    {
        _client.Dispose();
        _closing.Dispose();
        _patience.Dispose();
    }

    private bool TryTakeRun(List<(PieceIndex Piece, BlockIndex Block)> run)
    {
        run.Clear();
        lock (_lock)
        {
            while (run.Count < _waiting.Count && run.Count < MaxRun && (run.Count == 0 || WebSeedRange.Follows(_info.Geometry, run[^1], _waiting[run.Count]))) run.Add(_waiting[run.Count]);
            _waiting.RemoveRange(0, run.Count);
        }

        return run.Count > 0;
    }

    /// <returns><see cref="WebSeedEnd.LetGo"/> to go on.</returns>
    private async Task<WebSeedEnd> FetchAsync(List<(PieceIndex Piece, BlockIndex Block)> run, CancellationToken ct)
    {
        var ranges = new Queue<WebSeedRange>(WebSeedRange.Of(_info.Geometry, run));
        try
        {
            for (var i = 0; i < run.Count; i++)
            {
                if (!AnyWanted(run, i)) return WebSeedEnd.LetGo; // all that is left was taken back

                var (piece, block) = run[i];
                var begin = block * TorrentGeometry.BlockLength;
                var bytes = _scratch.AsMemory(0, _info.Geometry.LengthOf(piece, block));
                bytes.Span.Clear(); // padding
                foreach (var span in WebSeedRange.SpansOf(_info.Geometry, piece, block))
                {
                    _patience.CancelAfter(Patience);
                    if (_left == 0 && await AskAsync(ranges.Dequeue(), ct) is var end and not WebSeedEnd.LetGo) return end;

                    await _answer!.Body!.ReadExactlyAsync(bytes.Slice(span.Begin - begin, span.Length), ct);
                    _left -= span.Length;
                }

                await DeliverAsync(piece, block, bytes);
            }

            return WebSeedEnd.LetGo;
        }
        finally
        {
            await TellAsync();
            Drop();
        }
    }

    private async Task<WebSeedEnd> AskAsync(WebSeedRange range, CancellationToken ct)
    {
        Drop();
        if (WebSeedUrl.Of(_url, _info, range.File) is not { } url) return WebSeedEnd.Never;

        var length = _info.Geometry.FileLength(range.File);
        _answer = await _client.AskAsync(url, range, length, takesWhole: length <= _info.Geometry.PieceLength, ct);
        (_left, RetryAfter) = (range.Length, _answer.RetryAfter);
        return _answer.End;
    }

    private void Drop()
    {
        _answer?.Dispose();
        (_answer, _left) = (null, 0);
    }

    private bool AnyWanted(List<(PieceIndex Piece, BlockIndex Block)> run, int from)
    {
        for (var i = from; i < run.Count; i++)
        {
            if (_expected.IsWanted(run[i].Piece, run[i].Block)) return true;
        }

        return false;
    }

    private async ValueTask DeliverAsync(PieceIndex piece, BlockIndex block, ReadOnlyMemory<byte> bytes)
    {
        if (!_expected.TryTake(piece, block * TorrentGeometry.BlockLength, out var buffer)) return;

        if (buffer is null || !buffer.TryFill(block, bytes.Span))
        {
            buffer?.Release();
            await TellAsync();
            await _post(new SwarmEvent.BlockWasted(_key, piece, block, bytes.Length));
            return;
        }

        buffer.Release();
        WasUseful = true;
        if (_untold.Count > 0 && (_untold.Piece != piece || _untold.First + _untold.Count != block)) await TellAsync();
        if (_untold.Count == 0) _untold = (piece, block, 0, 0);
        _untold.Count++;
        _untold.Bytes += bytes.Length;
        if (_untold.Count >= MaxUntold || _clock.GetElapsedTime(_toldAt) > TellAfter) await TellAsync();
    }

    /// <summary>What is in a buffer must be heard of, whatever happens.</summary>
    private async ValueTask TellAsync()
    {
        _toldAt = _clock.GetTimestamp();
        if (_untold.Count == 0) return;

        var told = new SwarmEvent.BlocksReceived(_key, _untold.Piece, _untold.First, _untold.Count, _untold.Bytes);
        _untold.Count = 0;
        await _post(told);
    }
}
