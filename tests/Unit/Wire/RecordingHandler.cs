using Shoal.Wire;

namespace Shoal.Unit.Wire;

/// <summary>Notes what a connection hands over.</summary>
internal sealed class RecordingHandler : IPeerHandler
{
    public List<(MessageType Type, byte[] Payload)> Messages { get; } = [];

    public int KeepAlives { get; private set; }

    public Queue<byte[]> Blocks { get; } = new();

    public Func<MessageType, CloseReason> Verdict { get; init; } = _ => CloseReason.None;

    public int MaxMessageLength => 1 << 16;

    public CloseReason OnMessage(MessageType type, ReadOnlySpan<byte> payload)
    {
        Messages.Add((type, payload.ToArray()));
        return Verdict(type);
    }

    public void OnKeepAlive() => KeepAlives++;

    public ValueTask BatchEndAsync(CancellationToken ct) => ValueTask.CompletedTask;

    public ValueTask<bool> TryFillAsync(BulkSend bulk, CancellationToken ct)
    {
        if (!Blocks.TryDequeue(out var block)) return new(false);

        bulk.Begin(block.Length);
        block.CopyTo(bulk.Room(block.Length));
        bulk.Add(new BlockRequest(1, 0, block.Length));
        return new(true);
    }
}
