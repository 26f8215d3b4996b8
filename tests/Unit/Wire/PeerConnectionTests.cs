using System.Net;
using Shoal.Core;
using Shoal.Harness.Wire;
using Shoal.Wire;
using Xunit;

namespace Shoal.Unit.Wire;

public sealed class PeerConnectionTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task HandsOverMessages_HoweverTheyArrive()
    {
        var (connection, peer, handler) = Open();
        var run = connection.RunAsync();

        await peer.SendAsync(0, 0, 0, 0, 0, 0);
        await peer.SendAsync([0, 3, 4, 1, 2, .. ScriptedPeer.Message(7, new byte[50_000]), 0, 0]);
        await peer.SendAsync(0, 1, 1);
        await peer.DisposeAsync();

        Assert.Equal(CloseReason.Disconnected, await run.WaitAsync(Patience));
        Assert.Equal([MessageType.Have, MessageType.Piece, MessageType.Unchoke], handler.Messages.Select(m => m.Type));
        Assert.Equal(50_000, handler.Messages[1].Payload.Length);
        Assert.Equal(1, handler.KeepAlives);
    }

    [Fact]
    public async Task ReadsFirstWhatCameWithTheHandshake()
    {
        var (connection, peer, handler) = Open();
        var run = connection.RunAsync(new byte[] { 0, 0, 0, 1, 2, 0, 0 });

        await peer.SendAsync(0, 1, 3);
        await peer.DisposeAsync();
        await run.WaitAsync(Patience);

        Assert.Equal([MessageType.Interested, MessageType.NotInterested], handler.Messages.Select(m => m.Type));
    }

    [Fact]
    public async Task Closes_WhenAMessageIsTooLong()
    {
        var (connection, peer, _) = Open();
        var run = connection.RunAsync();

        await peer.SendAsync(ScriptedPeer.Number(int.MaxValue));

        Assert.Equal(CloseReason.MessageTooLong, await run.WaitAsync(Patience));
        Assert.Null(await peer.ReadMessageAsync());
    }

    [Fact]
    public async Task Closes_WhenItsHandlerSaysSo()
    {
        var handler = new RecordingHandler { Verdict = t => t == MessageType.Choke ? CloseReason.MalformedMessage : CloseReason.None };
        var (connection, peer, _) = Open(handler);
        var run = connection.RunAsync();

        await peer.SendAsync([.. ScriptedPeer.Message(1), .. ScriptedPeer.Message(0), .. ScriptedPeer.Message(1)]);

        Assert.Equal(CloseReason.MalformedMessage, await run.WaitAsync(Patience));
        Assert.Equal(2, handler.Messages.Count);
    }

    [Fact]
    public async Task SendsWhatIsEnqueued_AndBlocksInBetween()
    {
        var (connection, peer, handler) = Open();
        handler.Blocks.Enqueue([1, 2, 3]);
        connection.Send(5, MessageWriter.WriteHave);
        var run = connection.RunAsync();

        Assert.Equal(ScriptedPeer.Message(4, 0, 0, 0, 5), await peer.ReadAsync(9).WaitAsync(Patience));
        Assert.Equal(ScriptedPeer.Message(7, 0, 0, 0, 1, 0, 0, 0, 0, 1, 2, 3), await peer.ReadAsync(16).WaitAsync(Patience));
        connection.Send(6, MessageWriter.WriteHave);
        Assert.Equal(ScriptedPeer.Message(4, 0, 0, 0, 6), await peer.ReadAsync(9).WaitAsync(Patience));
        connection.Close(CloseReason.Stopping);
        Assert.Equal(CloseReason.Stopping, await run.WaitAsync(Patience));
    }

    [Fact]
    public async Task Closes_WhenThePeerDoesNotRead()
    {
        var (connection, _, _) = Open();
        var run = connection.RunAsync();

        for (var i = 0; i < 100 && !run.IsCompleted; i++) connection.Send(new Bitfield(8 * 60_000), MessageWriter.WriteBitfield);

        Assert.Equal(CloseReason.ReadsTooSlowly, await run.WaitAsync(Patience));
    }

    [Fact]
    public async Task EndsAtOnce_WhenClosedBeforeItRuns()
    {
        var (connection, _, _) = Open();

        connection.Close(CloseReason.Duplicate);

        Assert.Equal(CloseReason.Duplicate, await connection.RunAsync().WaitAsync(Patience));
    }

    private static (PeerConnection, ScriptedPeer, RecordingHandler) Open(RecordingHandler? handler = null)
    {
        var (here, there) = MemoryConnection.Pair(new NetEndPoint(IPAddress.Loopback, 1), new NetEndPoint(IPAddress.Loopback, 2));
        handler ??= new RecordingHandler();
        return (new PeerConnection(here, handler), new ScriptedPeer(there), handler);
    }
}
