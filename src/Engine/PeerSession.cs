using System.Buffers;
using System.Buffers.Binary;
using Shoal.Core;
using Shoal.Core.Geometry;
using Shoal.Engine.Buffers;
using Shoal.Engine.Limits;
using Shoal.Engine.Peers;
using Shoal.Engine.Serving;
using Shoal.Wire;
using Shoal.Wire.Extensions;

namespace Shoal.Engine;

/// <summary>
/// A swarm's side of one connection. The reader copies blocks into their pieces here and turns the rest into events; the sender takes blocks to send from here. It decides
/// nothing: what was asked for is noted by the loop, and what may be served is said by the loop. BEP 3, 6, 9, 10, 11, 21, 52, 54.
/// </summary>
internal sealed class PeerSession : IPeerHandler
{
    /// <summary>The number under which we take <c>ut_metadata</c>.</summary>
    public const int OurMetadataId = 2;

    /// <summary>The number under which we take <c>ut_pex</c>.</summary>
    public const int OurPexId = 1;

    /// <summary>The number under which we take <c>upload_only</c>.</summary>
    public const int OurUploadOnlyId = 3;

    /// <summary>The number under which we take <c>lt_donthave</c>.</summary>
    public const int OurDontHaveId = 4;

    private const int LongestOrdinary = 64 * 1024;
    private const int LongestRequest = 128 * 1024;
    private const int RunsPerSecond = 20;
    private const int LeastRun = 32 * 1024;
    private const int MaxStrays = 256;
    private const int MaxStatements = 1000;
    private const int MaxHashQuestions = 64;
    private const int MaxLeafQuestions = 256; // each may cost the hashing of a piece
    private const int BytesPerLeafQuestion = 1 << 20; // and who takes pieces run by run has one for each 8 MiB

    private readonly Func<SwarmEvent, ValueTask> _post;
    private readonly Action<PeerSession, int> _portHeard;
    private readonly Lock _lock = new();
    private readonly ExpectedBlocks _expected = new();
    private readonly Queue<HashRequest> _hashQuestions = new();
    private readonly List<SwarmEvent> _batch = [];
    private readonly List<BlockRequest> _run = [];
    private readonly UploadQueue _uploads = new();
    private volatile Served? _served;
    private BlockProof? _proof;
    private (PieceIndex Piece, BlockIndex First, int Count, int Bytes) _blocks;
    private int _askedPiece = -1;
    private volatile int _runBytes = int.MaxValue;
    private int _statements;
    private bool _hasSaidPort;
    private bool _isKeptAlive;
    private int _strays;
    private int _leafQuestions;
    private int _hashesOwed;
    private int _metadataOwed;
    private long _uploaded;

    /// <param name="post">Tells the loop; waits while its mailbox is full. Not to be given up when the connection closes: what is in a buffer must be heard of.</param>
    public PeerSession(PeerKey key, Handshake handshake, Func<SwarmEvent, ValueTask> post, Action<PeerSession, int> portHeard) =>
        (Key, Handshake, _post, _portHeard) = (key, handshake, post, portHeard);

    public PeerKey Key { get; }

    public Handshake Handshake { get; }

    public PeerConnection Connection { get; set; } = null!;

    /// <summary>What holds for the bytes sent to it; null for no limit.</summary>
    public RateLimiter? Upload { get; init; }

    /// <summary>Loop: the bytes a second that are sent of late; 0 if they are not known.</summary>
    public double SendRate
    {
        set => _runBytes = value == 0 ? int.MaxValue : (int)Math.Min(int.MaxValue, Math.Max(LeastRun, value / RunsPerSecond));
    }

    /// <summary>The number under which the peer takes <c>ut_metadata</c>; 0 until it says.</summary>
    public int TheirMetadataId { get; private set; }

    /// <summary>The number under which the peer takes <c>ut_pex</c>; 0 until it says.</summary>
    public int TheirPexId { get; private set; }

    /// <summary>The number under which the peer takes <c>upload_only</c>; 0 until it says.</summary>
    public int TheirUploadOnlyId { get; private set; }

    /// <summary>The number under which the peer takes <c>lt_donthave</c>; 0 until it says.</summary>
    public int TheirDontHaveId { get; private set; }

    /// <summary>Payload sent.</summary>
    public long Uploaded => Interlocked.Read(ref _uploaded);

    public int MaxMessageLength => Math.Max(LongestOrdinary, 1 + (_served?.Geometry.PieceCount ?? TorrentGeometry.MaxPieces) / 8 + 1);

    public void SetContent(TorrentGeometry geometry, ReadBlocks read, HashServer hashes)
    {
        Volatile.Write(ref _proof, null); // what comes is a block like others from now on
        _served = new Served(geometry, read, hashes);
    }

    /// <summary>Loop: a block was asked for.</summary>
    public void Expect(PieceIndex piece, BlockIndex block, PieceBuffer buffer) => _expected.Add(piece, block, buffer);

    /// <summary>Loop: a block is not wanted any more. It may come all the same.</summary>
    public void Unexpect(PieceIndex piece, BlockIndex block) => _expected.Unwant(piece, block);

    /// <summary>Loop: the last block of what the peer says there is was asked for, before there is a piece space.</summary>
    public void ExpectProof(BlockRequest request) => Volatile.Write(ref _proof, new BlockProof(request));

    /// <summary>Loop: hashes were asked for.</summary>
    public void ExpectHashes() => Interlocked.Increment(ref _hashesOwed);

    /// <summary>Loop: a piece of the metadata was asked for.</summary>
    public void ExpectMetadata() => Interlocked.Increment(ref _metadataOwed);

    /// <summary>Loop: whether the peer may ask for blocks.</summary>
    public void SetChoke(bool choked)
    {
        if (!choked)
        {
            _uploads.Open();
            Connection.Send(MessageType.Unchoke, MessageWriter.Write);
            return;
        }

        var refused = _uploads.Close();
        Connection.Send(MessageType.Choke, MessageWriter.Write);
        foreach (var request in refused) Reject(request);
    }

    /// <summary>Loop: the peer may have a piece, once, even while it is choked.</summary>
    public void AllowFast(PieceIndex piece, int length) => _uploads.Allow(piece, length);

    /// <summary>Gives back what was lent for blocks that will not come.</summary>
    public void Close() => _expected.Close();

    public CloseReason OnMessage(MessageType type, ReadOnlySpan<byte> payload)
    {
        if (type == MessageType.Piece) return OnPiece(payload);

        EndRun();
        switch (type)
        {
            case <= MessageType.NotInterested or MessageType.HaveAll or MessageType.HaveNone when payload.Length > 0:
                return CloseReason.MalformedMessage;
            case MessageType.Choke or MessageType.Unchoke:
                _batch.Add(new SwarmEvent.ChokeChanged(Key, type == MessageType.Choke));
                return CloseReason.None;
            case MessageType.Interested or MessageType.NotInterested:
                _batch.Add(new SwarmEvent.InterestChanged(Key, type == MessageType.Interested));
                return CloseReason.None;
            case MessageType.Have when payload.Length == 4:
                _batch.Add(new SwarmEvent.PeerHas(Key, BinaryPrimitives.ReadInt32BigEndian(payload)));
                return CloseReason.None;
            case MessageType.AllowedFast when payload.Length == 4 && Handshake.HasFast:
                _batch.Add(new SwarmEvent.FastAllowed(Key, BinaryPrimitives.ReadInt32BigEndian(payload)));
                return CloseReason.None;
            case MessageType.Suggest when payload.Length == 4 && Handshake.HasFast:
                _batch.Add(new SwarmEvent.PieceSuggested(Key, BinaryPrimitives.ReadInt32BigEndian(payload)));
                return CloseReason.None;
            case MessageType.Bitfield or MessageType.HaveAll or MessageType.HaveNone:
                return OnPieces(type, payload);
            case MessageType.Request:
                return OnRequest(payload);
            case MessageType.Cancel:
                return OnCancel(payload);
            case MessageType.Reject:
                return OnReject(payload);
            case MessageType.Extended:
                return OnExtended(payload);
            case MessageType.HashRequest or MessageType.Hashes or MessageType.HashReject:
                return OnHashMessage(type, payload);
            case MessageType.Port when payload.Length == 2:
                OnPort(BinaryPrimitives.ReadUInt16BigEndian(payload));
                return CloseReason.None;
            case MessageType.Have or MessageType.Port:
            case MessageType.AllowedFast or MessageType.Suggest when payload.Length != 4:
                return CloseReason.MalformedMessage;
            default:
                return CloseReason.None; // what we do not know is passed over (BEP 3, BEP 10)
        }
    }

    public void OnKeepAlive() => _isKeptAlive = true;

    public async ValueTask BatchEndAsync(CancellationToken ct)
    {
        EndRun();
        if (_isKeptAlive && _batch.Count == 0) _batch.Add(new SwarmEvent.KeptAlive(Key));
        _isKeptAlive = false;
        foreach (var e in _batch) await _post(e);
        _batch.Clear();
    }

    /// <summary>Everything else a peer is told waits behind what goes out in one go, so with a limit no more than 50 ms of it.</summary>
    private int MaxRunBytes()
    {
        const int block = TorrentGeometry.BlockLength;
        return Upload is { Narrowest: > 0 and var rate } ? (int)Math.Clamp(rate / 20 / block * block, block, BulkSend.MaxBytes) : BulkSend.MaxBytes;
    }

    public async ValueTask<bool> TryFillAsync(BulkSend bulk, CancellationToken ct)
    {
        if (_served is not { } served) return false;

        await AnswerHashesAsync(served, ct);
        var most = Math.Min(_runBytes, MaxRunBytes());
        bulk.Begin((int)Math.Min(most, _uploads.Bytes));
        while (true)
        {
            _uploads.TakeRun(_run, BulkSend.MaxBlocks - bulk.Blocks, most - bulk.Length, atLeastOne: bulk.Blocks == 0);
            if (_run.Count == 0) return bulk.Blocks > 0;

            var length = 0;
            foreach (var request in _run) length += request.Length;
            if (await TryReadAsync(served, _run[0], bulk.Room(length), ct))
            {
                foreach (var request in _run) bulk.Add(request);
                Interlocked.Add(ref _uploaded, length);
            }
            else
            {
                foreach (var request in _run) Reject(request);
            }
        }
    }

    /// <summary>What a request asks for beyond the end of a file is zeros.</summary>
    private static ValueTask<bool> TryReadAsync(Served served, BlockRequest first, Memory<byte> destination, CancellationToken ct)
    {
        var piece = new PieceIndex(first.Piece);
        var content = Math.Clamp(served.Geometry.LengthOf(piece) - first.Begin, 0, destination.Length);
        destination.Span[content..].Clear();
        return content == 0 ? new ValueTask<bool>(true) : served.ReadAsync(piece, first.Begin, destination[..content], ct);
    }

    private async ValueTask AnswerHashesAsync(Served served, CancellationToken ct)
    {
        while (true)
        {
            HashRequest request;
            lock (_lock)
            {
                if (!_hashQuestions.TryDequeue(out request)) return;
            }

            var isTooMuch = request.Range.BaseLayer == 0 && ++_leafQuestions > MaxLeafQuestions + Uploaded / BytesPerLeafQuestion;
            var hashes = isTooMuch ? null : await served.Hashes.AnswerAsync(request, ct);
            Connection.Send((request, hashes), static (output, answer) => MessageWriter.WriteHashes(
                output, answer.hashes is null ? MessageType.HashReject : MessageType.Hashes, answer.request, answer.hashes));
        }
    }

    private CloseReason OnPiece(ReadOnlySpan<byte> payload)
    {
        if (payload.Length < MessageReader.PieceHead) return CloseReason.MalformedMessage;

        var piece = BinaryPrimitives.ReadInt32BigEndian(payload);
        var begin = BinaryPrimitives.ReadInt32BigEndian(payload[4..]);
        var bytes = payload[MessageReader.PieceHead..];
        if (TryTakeProof(piece, begin) is { } proof) return OnProof(proof, bytes);
        if (!_expected.TryTake(piece, begin, out var buffer)) return Stray();
        if (_strays > 0) _strays--;

        var index = new PieceIndex(piece);
        var block = new BlockIndex(begin / TorrentGeometry.BlockLength);
        if (bytes.Length != _served!.Geometry.LengthOf(index, block))
        {
            buffer?.Release();
            return CloseReason.MalformedMessage;
        }

        if (buffer is null || !buffer.TryFill(block, bytes))
        {
            buffer?.Release();
            EndRun();
            _batch.Add(new SwarmEvent.BlockWasted(Key, index, block, bytes.Length));
            return CloseReason.None;
        }

        buffer.Release();
        Received(index, block, bytes.Length);
        return CloseReason.None;
    }

    private BlockProof? TryTakeProof(int piece, int begin)
    {
        if (Volatile.Read(ref _proof) is not { } proof || (proof.Request.Piece, proof.Request.Begin) != (piece, begin)) return null;

        return Interlocked.CompareExchange(ref _proof, null, proof) == proof ? proof : null;
    }

    private CloseReason OnProof(BlockProof proof, ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != proof.Request.Length) return CloseReason.MalformedMessage;

        EndRun();
        _batch.Add(new SwarmEvent.LastBlockReceived(Key, bytes.ToArray()));
        return CloseReason.None;
    }

    /// <summary>An answer to nothing we asked. A few are innocent: they crossed with a cancel.</summary>
    private CloseReason Stray() => ++_strays > MaxStrays ? CloseReason.Unsolicited : CloseReason.None;

    /// <summary>Neighbouring blocks are told of as one run.</summary>
    private void Received(PieceIndex piece, BlockIndex block, int bytes)
    {
        if (_blocks.Count == 0 || _blocks.Piece != piece || _blocks.First + _blocks.Count != block)
        {
            EndRun();
            _blocks = (piece, block, 0, 0);
        }

        _blocks.Count++;
        _blocks.Bytes += bytes;
    }

    private void EndRun()
    {
        if (_blocks.Count == 0) return;

        _batch.Add(new SwarmEvent.BlocksReceived(Key, _blocks.Piece, _blocks.First, _blocks.Count, _blocks.Bytes));
        _blocks.Count = 0;
    }

    private CloseReason OnRequest(ReadOnlySpan<byte> payload)
    {
        if (!BlockRequest.TryRead(payload, out var request)) return CloseReason.MalformedMessage;
        if (_served is not { } served) return Reject(request);
        if (request.Length > LongestRequest || !served.Geometry.ContainsWithGap(request.Piece, request.Begin, request.Length)) return CloseReason.OutOfRange;

        switch (_uploads.Put(request))
        {
            case UploadAnswer.Taken:
                if (request.Piece != _askedPiece) _batch.Add(new SwarmEvent.PieceAsked(Key, new PieceIndex(_askedPiece = request.Piece)));
                Connection.Wake();
                return CloseReason.None;
            case UploadAnswer.TooMany:
                return CloseReason.TooManyRequests;
            default:
                return Reject(request);
        }
    }

    private CloseReason OnCancel(ReadOnlySpan<byte> payload)
    {
        if (!BlockRequest.TryRead(payload, out var request)) return CloseReason.MalformedMessage;

        return _uploads.Cancel(request) ? Reject(request) : CloseReason.None;
    }

    private CloseReason OnReject(ReadOnlySpan<byte> payload)
    {
        if (!BlockRequest.TryRead(payload, out var request)) return CloseReason.MalformedMessage;
        if (TryTakeProof(request.Piece, request.Begin) is not null)
        {
            _batch.Add(new SwarmEvent.LastBlockReceived(Key, null));
            return CloseReason.None;
        }

        if (!_expected.TryDrop(request.Piece, request.Begin)) return Stray();

        _batch.Add(new SwarmEvent.RequestRejected(Key, new PieceIndex(request.Piece), new BlockIndex(request.Begin / TorrentGeometry.BlockLength)));
        return CloseReason.None;
    }

    /// <summary>With the Fast extension every request is answered; without it silence is the answer (BEP 6).</summary>
    private CloseReason Reject(BlockRequest request)
    {
        if (Handshake.HasFast)
        {
            Connection.Send(request, static (output, rejected) => MessageWriter.WriteRequest(output, MessageType.Reject, rejected));
        }

        return CloseReason.None;
    }

    private CloseReason OnExtended(ReadOnlySpan<byte> payload)
    {
        if (payload.IsEmpty) return CloseReason.MalformedMessage;
        if (payload[0] == 0)
        {
            if (!ExtensionHandshake.TryRead(payload[1..], out var extensions)) return CloseReason.MalformedMessage;

            (TheirMetadataId, TheirPexId, TheirUploadOnlyId, TheirDontHaveId) = (extensions.MetadataId, extensions.PexId, extensions.UploadOnlyId, extensions.DontHaveId);
            _batch.Add(new SwarmEvent.ExtensionsKnown(Key, extensions));
        }
        else if (payload[0] == OurMetadataId)
        {
            if (!MetadataMessage.TryRead(payload[1..], out var message, out var data)) return CloseReason.MalformedMessage;
            if (message.Type != MetadataMessageType.Request && !TryTakeOwed(ref _metadataOwed)) return Stray();

            _batch.Add(new SwarmEvent.MetadataReceived(Key, message, data.ToArray()));
        }
        else if (payload[0] == OurPexId)
        {
            if (!PexMessage.TryRead(payload[1..], out var told)) return CloseReason.MalformedMessage;

            _batch.Add(new SwarmEvent.PeersTold(Key, told));
        }
        else if (payload[0] == OurUploadOnlyId && payload.Length == 2)
        {
            _batch.Add(new SwarmEvent.UploadOnlyChanged(Key, payload[1] != 0));
        }
        else if (payload[0] == OurDontHaveId && payload.Length == 1 + sizeof(int))
        {
            _batch.Add(new SwarmEvent.PeerLost(Key, BinaryPrimitives.ReadInt32BigEndian(payload[1..])));
        }
        else if (payload[0] is OurUploadOnlyId or OurDontHaveId)
        {
            return CloseReason.MalformedMessage;
        }

        return CloseReason.None;
    }

    private CloseReason OnHashMessage(MessageType type, ReadOnlySpan<byte> payload)
    {
        if (!HashRequest.TryRead(payload, out var request)) return CloseReason.MalformedMessage;
        if (type != MessageType.Hashes && payload.Length != HashRequest.PayloadLength) return CloseReason.MalformedMessage;
        if (type != MessageType.HashRequest && !TryTakeOwed(ref _hashesOwed)) return Stray();

        switch (type)
        {
            case MessageType.Hashes:
                _batch.Add(new SwarmEvent.HashesReceived(Key, request, payload[HashRequest.PayloadLength..].ToArray()));
                break;
            case MessageType.HashReject:
                _batch.Add(new SwarmEvent.HashesRejected(Key, request));
                break;
            default:
                lock (_lock)
                {
                    if (_hashQuestions.Count >= MaxHashQuestions) return CloseReason.TooManyRequests;
                    _hashQuestions.Enqueue(request);
                }

                Connection.Wake();
                break;
        }

        return CloseReason.None;
    }

    private static bool TryTakeOwed(ref int owed)
    {
        if (Interlocked.Decrement(ref owed) >= 0) return true;

        Interlocked.Increment(ref owed);
        return false;
    }

    /// <summary>What it has, said first (BEP 3, BEP 6), and by some clients again: aria2 puts many <c>have</c> into one bitfield.</summary>
    private CloseReason OnPieces(MessageType type, ReadOnlySpan<byte> payload)
    {
        if (type != MessageType.Bitfield && !Handshake.HasFast) return CloseReason.None;
        if (_statements > 0 && (type == MessageType.HaveNone || _statements >= MaxStatements)) return CloseReason.BadBitfield;

        _statements++;
        _batch.Add(new SwarmEvent.PeerBitfield(Key, type == MessageType.Bitfield ? payload.ToArray() : null, type == MessageType.HaveAll));
        return CloseReason.None;
    }

    private void OnPort(int port)
    {
        if (port == 0 || _hasSaidPort) return;

        _hasSaidPort = true;
        _portHeard(this, port);
    }

    private sealed record BlockProof(BlockRequest Request);

    private sealed record Served(TorrentGeometry Geometry, ReadBlocks ReadAsync, HashServer Hashes);
}
