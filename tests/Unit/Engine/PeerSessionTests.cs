using System.Net;
using Shoal.Core;
using Shoal.Core.Geometry;
using Shoal.Engine;
using Shoal.Engine.Buffers;
using Shoal.Engine.Serving;
using Shoal.Harness.Content;
using Shoal.Harness.Wire;
using Shoal.Wire;
using Xunit;

namespace Shoal.Unit.Engine;

public sealed class PeerSessionTests : IAsyncDisposable
{
    private const int Block = 16 * 1024;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly SeededTorrent _torrent = new(1, 4 * Block, 10 * Block + 100);
    private readonly List<SwarmEvent> _events = [];
    private readonly PieceBufferPool _buffers = new(1 << 20);
    private readonly PeerSession _session;
    private readonly ScriptedPeer _peer;
    private readonly Task<CloseReason> _run;

    public PeerSessionTests()
    {
        var (here, there) = MemoryConnection.Pair(new NetEndPoint(IPAddress.Loopback, 1), new NetEndPoint(IPAddress.Loopback, 2));
        var handshake = new Handshake(Handshake.ExtensionBit | Handshake.FastBit, default, default);
        _session = new PeerSession(new PeerKey(1), handshake, Note, (_, port) => Ports.Add(port));
        _session.Connection = new PeerConnection(here, _session);
        _session.SetContent(_torrent.Geometry, ReadAsync, new HashServer(_torrent.Info, _torrent.Layers(), (piece, leaves, _) =>
        {
            _torrent.Leaves(piece).CopyTo(leaves);
            return new(true);
        }));
        _peer = new ScriptedPeer(there);
        _run = _session.Connection.RunAsync();
    }

    private List<int> Ports { get; } = [];

    public static TheoryData<string, byte[], CloseReason> HostileMessages => new()
    {
        { "choke with payload", ScriptedPeer.Message(ScriptedPeer.Choke, 1), CloseReason.MalformedMessage },
        { "short have", ScriptedPeer.Message(ScriptedPeer.Have, 1, 2, 3), CloseReason.MalformedMessage },
        { "have all with payload", ScriptedPeer.Message(ScriptedPeer.HaveAll, 0), CloseReason.MalformedMessage },
        { "two statements of pieces", [.. ScriptedPeer.Message(ScriptedPeer.HaveAll), .. ScriptedPeer.Message(ScriptedPeer.HaveNone)], CloseReason.BadBitfield },
        { "short request", ScriptedPeer.Message(ScriptedPeer.Request, 0, 0, 0), CloseReason.MalformedMessage },
        { "request beyond the last piece", Request(ScriptedPeer.Request, 3, 0, Block), CloseReason.OutOfRange },
        { "request of piece -1", Request(ScriptedPeer.Request, -1, 0, Block), CloseReason.OutOfRange },
        { "request from -1", Request(ScriptedPeer.Request, 0, -1, Block), CloseReason.OutOfRange },
        { "request over the end of a piece", Request(ScriptedPeer.Request, 0, 3 * Block, 2 * Block), CloseReason.OutOfRange },
        { "request without end", Request(ScriptedPeer.Request, 0, 0, int.MaxValue), CloseReason.OutOfRange },
        { "request for nothing", Request(ScriptedPeer.Request, 0, 0, 0), CloseReason.OutOfRange },
        { "request beyond the gap", Request(ScriptedPeer.Request, 2, 4 * Block, 1), CloseReason.OutOfRange },
        { "short piece", ScriptedPeer.Message(ScriptedPeer.Piece, 0, 0, 0), CloseReason.MalformedMessage },
        { "short cancel", ScriptedPeer.Message(ScriptedPeer.Cancel, 0), CloseReason.MalformedMessage },
        { "short reject", ScriptedPeer.Message(ScriptedPeer.Reject, 0), CloseReason.MalformedMessage },
        { "empty extended", ScriptedPeer.Message(ScriptedPeer.Extended), CloseReason.MalformedMessage },
        { "extension handshake that is none", ScriptedPeer.Message(ScriptedPeer.Extended, 0, (byte)'x'), CloseReason.MalformedMessage },
        { "metadata message that is none", ScriptedPeer.Message(ScriptedPeer.Extended, 2, (byte)'d'), CloseReason.MalformedMessage },
        { "pex message that is none", ScriptedPeer.Message(ScriptedPeer.Extended, 1, (byte)'d'), CloseReason.MalformedMessage },
        { "long upload only", ScriptedPeer.Message(ScriptedPeer.Extended, 3, 1, 1), CloseReason.MalformedMessage },
        { "short dont have", ScriptedPeer.Message(ScriptedPeer.Extended, 4, 0, 0, 1), CloseReason.MalformedMessage },
        { "short allowed fast", ScriptedPeer.Message(17, 0, 0, 1), CloseReason.MalformedMessage },
        { "long suggestion", ScriptedPeer.Message(13, 0, 0, 0, 1, 0), CloseReason.MalformedMessage },
        { "short hash request", ScriptedPeer.Message(ScriptedPeer.HashRequest, new byte[47]), CloseReason.MalformedMessage },
        { "long hash request", ScriptedPeer.Message(ScriptedPeer.HashRequest, new byte[49]), CloseReason.MalformedMessage },
        { "rejects of nothing", Many(300, Request(ScriptedPeer.Reject, 0, 0, Block)), CloseReason.Unsolicited },
        { "pieces nobody asked for", Many(300, ScriptedPeer.Message(ScriptedPeer.Piece, new byte[108])), CloseReason.Unsolicited },
        { "hashes nobody asked for", Many(300, ScriptedPeer.Message(ScriptedPeer.Hashes, new byte[80])), CloseReason.Unsolicited },
        { "metadata nobody asked for", Many(300, ScriptedPeer.Message(ScriptedPeer.Extended, [2, .. "d8:msg_typei1e5:piecei0ee"u8])), CloseReason.Unsolicited },
    };

    [Theory]
    [MemberData(nameof(HostileMessages))]
    public async Task ClosesForItsReason_WhateverAPeerSends(string what, byte[] bytes, CloseReason reason)
    {
        Assert.NotEmpty(what);

        await _peer.SendAsync(bytes);

        Assert.Equal(reason, await _run.WaitAsync(Patience));
    }

    [Fact]
    public async Task ClosesAPeer_ThatAsksWithoutEnd()
    {
        _session.SetChoke(false);
        for (var i = 0; i < 8 && !_run.IsCompleted; i++)
        {
            await SendWhatItCanAsync(Enumerable.Range(0, 8000).SelectMany(n => Request(ScriptedPeer.Request, 0, n % Block, 1 + n / 4)).ToArray());
        }

        Assert.Contains(await _run.WaitAsync(Patience), (CloseReason[])[CloseReason.TooManyRequests, CloseReason.ReadsTooSlowly]);
    }

    [Fact]
    public async Task RejectsRequests_WhileThePeerIsChoked()
    {
        await _peer.SendAsync(Request(ScriptedPeer.Request, 0, Block, Block));

        Assert.Equal(Request(ScriptedPeer.Reject, 0, Block, Block)[5..], await _peer.ReadUntilAsync(ScriptedPeer.Reject).WaitAsync(Patience));
    }

    [Fact]
    public async Task GivesAllowedPieces_OnceEachWhileThePeerIsChoked()
    {
        _session.SendAllowedFast(new PieceIndex(1), 4 * Block);
        Assert.Equal([0, 0, 0, 1], await _peer.ReadUntilAsync(17).WaitAsync(Patience));

        for (var i = 0; i < 4; i++) await _peer.SendAsync(Request(ScriptedPeer.Request, 1, i * Block, Block));
        for (var i = 0; i < 4; i++) Assert.Equal(_torrent.Block(new PieceIndex(1), new BlockIndex(i)).ToArray(), (await _peer.ReadUntilAsync(ScriptedPeer.Piece).WaitAsync(Patience)).Skip(8));
        await _peer.SendAsync(Request(ScriptedPeer.Request, 1, 0, Block));
        Assert.Equal(Request(ScriptedPeer.Reject, 1, 0, Block)[5..], await _peer.ReadUntilAsync(ScriptedPeer.Reject).WaitAsync(Patience));
        await _peer.SendAsync(Request(ScriptedPeer.Request, 0, 0, Block));
        Assert.Equal(Request(ScriptedPeer.Reject, 0, 0, Block)[5..], await _peer.ReadUntilAsync(ScriptedPeer.Reject).WaitAsync(Patience));
    }

    [Fact]
    public async Task SaysToWhomTakesIt_ThatAPieceIsGoneAndNothingIsWanted()
    {
        _session.SendDontHave(new PieceIndex(1));
        await _peer.SendAsync(ScriptedPeer.Message(ScriptedPeer.Extended, [0, .. "d1:md11:lt_donthavei9e11:upload_onlyi8eee"u8]));
        await _peer.SendAsync(ScriptedPeer.Message(ScriptedPeer.Extended, 4, 0, 0, 0, 2));
        for (var i = 0; i < 2; i++)
        {
            await _peer.SendAsync(Request(ScriptedPeer.Request, 0, 0, Block));
            await _peer.ReadUntilAsync(ScriptedPeer.Reject).WaitAsync(Patience);
        }

        _session.SendDontHave(new PieceIndex(2));
        _session.SendUploadOnly(true);

        Assert.Equal([9, 0, 0, 0, 2], await _peer.ReadUntilAsync(ScriptedPeer.Extended).WaitAsync(Patience));
        Assert.Equal([8, 1], await _peer.ReadUntilAsync(ScriptedPeer.Extended).WaitAsync(Patience));
        Assert.Contains(new SwarmEvent.PeerLost(new PeerKey(1), 2), _events);
    }

    [Fact]
    public async Task SendsWhatIsAskedFor_TheShortLastBlockToo()
    {
        _session.SetChoke(false);

        await _peer.SendAsync([.. Request(ScriptedPeer.Request, 2, Block, Block), .. Request(ScriptedPeer.Request, 2, 2 * Block, 100)]);
        var first = await _peer.ReadUntilAsync(ScriptedPeer.Piece).WaitAsync(Patience);
        var last = await _peer.ReadUntilAsync(ScriptedPeer.Piece).WaitAsync(Patience);

        Assert.Equal(_torrent.Block(new PieceIndex(2), new BlockIndex(1)).ToArray(), first.Skip(8));
        Assert.Equal(_torrent.Block(new PieceIndex(2), new BlockIndex(2)).ToArray(), last.Skip(8));
        Assert.Equal(Block + 100, _session.Uploaded);
    }

    [Fact]
    public async Task TellsOfBlocksThatCame_AsRuns()
    {
        var buffer = Expect(0, 1, 2);
        await _peer.SendAsync([.. Piece(0, 0), .. Piece(0, 1), .. Piece(0, 2)]);
        await _peer.DisposeAsync();
        await _run.WaitAsync(Patience);
        _session.Close();

        var runs = _events.Cast<SwarmEvent.BlocksReceived>().ToList();
        Assert.Equal([0, 1, 2], runs.SelectMany(r => Enumerable.Range(r.First, r.Count)));
        Assert.Equal(3 * Block, runs.Sum(r => r.Bytes));
        Assert.Equal(_torrent.Piece(new PieceIndex(0))[..(3 * Block)], buffer.Memory[..(3 * Block)]);
        buffer.Release();
        Assert.Equal(0, _buffers.Leased);
    }

    [Fact]
    public async Task WastesABlock_ThatAnotherGaveOrThatWasTakenBack()
    {
        var buffer = Expect(0, 1);
        Assert.True(buffer.TryClaim(0));
        _session.Unexpect(new PieceIndex(0), new BlockIndex(1));

        await _peer.SendAsync([.. Piece(0, 0), .. Piece(0, 1)]);
        await _peer.DisposeAsync();
        await _run.WaitAsync(Patience);

        Assert.Equal(2, _events.OfType<SwarmEvent.BlockWasted>().Count());
        buffer.Release();
        Assert.Equal(0, _buffers.Leased);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(Block - 1)]
    [InlineData(Block + 1)]
    public async Task ClosesAPeer_WhoseBlockIsOfAnotherLength(int length)
    {
        var buffer = Expect(0);

        await _peer.SendAsync(ScriptedPeer.Message(ScriptedPeer.Piece, [.. ScriptedPeer.Number(0), .. ScriptedPeer.Number(0), .. new byte[length]]));

        Assert.Equal(CloseReason.MalformedMessage, await _run.WaitAsync(Patience));
        buffer.Release();
        Assert.Equal(0, _buffers.Leased);
    }

    [Fact]
    public async Task GivesBackWhatWasLent_WhenItCloses()
    {
        var buffer = Expect(0, 1, 2, 3);

        await _peer.DisposeAsync();
        await _run.WaitAsync(Patience);
        _session.Close();
        _session.Expect(new PieceIndex(1), new BlockIndex(0), buffer);

        buffer.Release();
        Assert.Equal(0, _buffers.Leased);
    }

    [Fact]
    public async Task AnswersHashRequests_AndRefusesThoseItCannot()
    {
        var id = new byte[32];
        _torrent.Info.Files[0].Id.Value.CopyTo(id);
        byte[] good = [.. id, .. ScriptedPeer.Number(2), .. ScriptedPeer.Number(0), .. ScriptedPeer.Number(4), .. ScriptedPeer.Number(0)];
        byte[] bad = [.. id, .. ScriptedPeer.Number(9), .. ScriptedPeer.Number(0), .. ScriptedPeer.Number(4), .. ScriptedPeer.Number(0)];

        await _peer.SendAsync([.. ScriptedPeer.Message(ScriptedPeer.HashRequest, good), .. ScriptedPeer.Message(ScriptedPeer.HashRequest, bad)]);

        var hashes = await _peer.ReadUntilAsync(ScriptedPeer.Hashes).WaitAsync(Patience);
        Assert.Equal(_torrent.LayerOf(new FileIndex(0)), hashes[48..(48 + 96)]);
        Assert.Equal(bad, await _peer.ReadUntilAsync(ScriptedPeer.HashReject).WaitAsync(Patience));
    }

    [Fact]
    public async Task HearsAPortOnce_AndKeepAlivesAsOne()
    {
        await _peer.SendAsync([.. ScriptedPeer.Message(9, 0, 0), .. ScriptedPeer.Message(9, 1, 2), .. ScriptedPeer.Message(9, 3, 4)]);
        await _peer.SendAsync(new byte[400]);
        await _peer.DisposeAsync();
        await _run.WaitAsync(Patience);

        Assert.Equal([0x102], Ports);
        Assert.Equal([new SwarmEvent.KeptAlive(_session.Key)], _events.Distinct());
    }

    [Fact]
    public async Task PassesOverWhatItDoesNotKnow()
    {
        await _peer.SendAsync([.. ScriptedPeer.Message(99, 1, 2, 3), .. ScriptedPeer.Message(ScriptedPeer.Extended, 77, 1), .. ScriptedPeer.Message(1)]);
        await _peer.DisposeAsync();

        Assert.Equal(CloseReason.Disconnected, await _run.WaitAsync(Patience));
        Assert.Equal([new SwarmEvent.ChokeChanged(_session.Key, false)], _events);
    }

    [Fact]
    public void CopiesABlockWithoutAllocating()
    {
        var messages = Enumerable.Range(0, 4).Select(b => Piece(0, b).AsSpan(5).ToArray()).ToArray();
        var buffer = Expect();
        Receive();
        _events.Clear();

        Assert.Equal(0, Receive());

        long Receive()
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 4; i++)
            {
                _session.Expect(new PieceIndex(0), new BlockIndex(i), buffer);
                _session.OnMessage(MessageType.Piece, messages[i]);
                buffer.Unclaim(i);
            }

            var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(_session.BatchEndAsync(default).AsTask().IsCompletedSuccessfully);
            return allocated;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _session.Connection.DisposeAsync();
        await _peer.DisposeAsync();
        await _run.WaitAsync(Patience);
    }

    private static byte[] Many(int count, byte[] message) => [.. Enumerable.Repeat(message, count).SelectMany(m => m)];

    private static byte[] Request(int type, int piece, int begin, int length) =>
        ScriptedPeer.Message(type, [.. ScriptedPeer.Number(piece), .. ScriptedPeer.Number(begin), .. ScriptedPeer.Number(length)]);

    private byte[] Piece(int piece, int block) => ScriptedPeer.Message(
        ScriptedPeer.Piece, [.. ScriptedPeer.Number(piece), .. ScriptedPeer.Number(block * Block), .. _torrent.Block(new PieceIndex(piece), new BlockIndex(block)).Span]);

    private PieceBuffer Expect(params int[] blocks)
    {
        _buffers.TryLease(4 * Block, 0, out var buffer);
        foreach (var block in blocks) _session.Expect(new PieceIndex(0), new BlockIndex(block), buffer);
        return buffer;
    }

    private async Task SendWhatItCanAsync(byte[] bytes)
    {
        try
        {
            await _peer.SendAsync(bytes).WaitAsync(Patience);
        }
        catch (IOException)
        {
        }
    }

    private ValueTask Note(SwarmEvent e)
    {
        _events.Add(e);
        return ValueTask.CompletedTask;
    }

    private ValueTask<bool> ReadAsync(PieceIndex piece, int begin, Memory<byte> destination, CancellationToken ct)
    {
        _torrent.Piece(piece).Slice(begin, destination.Length).CopyTo(destination);
        return new(true);
    }
}
