using System.Net;
using Shoal.Core;
using Shoal.Core.Geometry;
using Shoal.Engine;
using Shoal.Engine.Buffers;
using Shoal.Engine.Serving;
using Shoal.Harness.Content;
using Shoal.Harness.Wire;
using Shoal.Wire;

namespace Shoal.Fuzz.Targets;

/// <summary>
/// Everything a peer says to a swarm's side of its connection, and what that side serves: bounded events, bounded answers. The first byte says what the peer may do and what it was asked.
/// </summary>
internal sealed class SessionSubject : ISubject
{
    private const int Block = 16 * 1024;
    private const int MaxTold = 3;

    private static readonly SeededTorrent Torrent = new(1, 4 * Block, 10 * Block + 100);
    private static readonly HashServer Hashes = new(Torrent.Info, Torrent.Layers(), (piece, leaves, _) =>
    {
        Torrent.Leaves(piece).CopyTo(leaves);
        return new ValueTask<bool>(true);
    });

    private readonly PieceBufferPool _buffers = new(1 << 20);
    private int _events;

    public ulong Run(ReadOnlySpan<byte> input)
    {
        var outcome = new Outcome();
        if (input.IsEmpty) return outcome.Hash;

        var how = input[0];
        var session = Open(how);
        var limit = 512 * 1024 + 512L * input.Length;
        var before = GC.GetAllocatedBytesForCurrentThread();
        var reason = CloseReason.None;
        var messages = 0;
        for (var rest = input[1..]; reason == CloseReason.None; messages++)
        {
            var status = MessageReader.TryRead(rest, session.MaxMessageLength, out var consumed, out var type, out var payload);
            if (status != MessageStatus.Whole) break;

            if (messages < MaxTold) outcome.Add((int?)type ?? -1);
            if (type is { } known) reason = session.OnMessage(known, payload);
            else session.OnKeepAlive();
            rest = rest[consumed..];
        }

        outcome.Add((int)reason);
        Finished(session.BatchEndAsync(CancellationToken.None));
        using var bulk = new BulkSend();
        for (var i = 0; i < 4 && Finished(session.TryFillAsync(bulk, CancellationToken.None)); i++)
        {
            Violation.Unless(bulk.Length <= BulkSend.MaxBytes && bulk.Blocks is > 0 and <= BulkSend.MaxBlocks, "serves more than fits");
            outcome.AddSize(bulk.Length);
        }

        session.Close();
        session.Connection.Close(reason == CloseReason.None ? CloseReason.Stopping : reason);
        Violation.UnlessAllocatedWithin(limit, before);
        Violation.Unless(_buffers.Leased == 0, "keeps a buffer");
        outcome.AddSize(_events);
        return outcome.Hash;
    }

    private PeerSession Open(byte how)
    {
        var (here, _) = MemoryConnection.Pair(new NetEndPoint(IPAddress.Loopback, 1), new NetEndPoint(IPAddress.Loopback, 2));
        var session = new PeerSession(new PeerKey(1), new Handshake((how & 1) != 0 ? Handshake.ExtensionBit | Handshake.FastBit : 0, default, default), Note, (_, _) => _events++);
        session.Connection = new PeerConnection(here, session);
        if ((how & 2) != 0) session.SetContent(Torrent.Geometry, ReadAsync, Hashes);
        if ((how & 4) != 0) session.SetChoke(false);
        if ((how & 10) == 10)
        {
            session.ExpectHashes();
            session.ExpectMetadata();
            _buffers.TryLease(4 * Block, held: 0, out var buffer);
            session.Expect(new PieceIndex(0), new BlockIndex(0), buffer);
            buffer.Release();
        }

        return session;
    }

    private ValueTask Note(SwarmEvent told)
    {
        _events += told is SwarmEvent.BlocksReceived or SwarmEvent.PeerHas ? 0 : 1;
        return ValueTask.CompletedTask;
    }

    private static ValueTask<bool> ReadAsync(PieceIndex piece, int begin, Memory<byte> destination, CancellationToken ct)
    {
        var from = Torrent.Geometry.LengthOf(piece);
        Violation.Unless(begin >= 0 && begin + destination.Length <= from, "reads beyond a piece");
        destination.Span.Clear();
        return new ValueTask<bool>(true);
    }

    private static void Finished(ValueTask task)
    {
        Violation.Unless(task.IsCompleted, "waits for nobody");
        task.GetAwaiter().GetResult();
    }

    private static bool Finished(ValueTask<bool> task)
    {
        Violation.Unless(task.IsCompleted, "waits for nobody");
        return task.GetAwaiter().GetResult();
    }
}
