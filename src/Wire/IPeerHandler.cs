namespace Shoal.Wire;

/// <summary>Who understands what a peer says, and has blocks to send it. Called by the connection's reader and sender, one call each at a time.</summary>
public interface IPeerHandler
{
    /// <summary>Longest message taken at this time, its length prefix not counted.</summary>
    int MaxMessageLength { get; }

    /// <summary>Reader: one message. The payload is lent until the call returns.</summary>
    /// <returns><see cref="CloseReason.None"/> to go on.</returns>
    CloseReason OnMessage(MessageType type, ReadOnlySpan<byte> payload);

    /// <summary>Reader: the peer has nothing to say, but is there.</summary>
    void OnKeepAlive();

    /// <summary>Reader: all that arrived so far has been handed over. The reader waits for it, and so does the peer.</summary>
    ValueTask BatchEndAsync(CancellationToken ct);

    /// <summary>Sender: puts the next blocks to send into <paramref name="bulk"/>; false if there are none now.</summary>
    ValueTask<bool> TryFillAsync(BulkSend bulk, CancellationToken ct);
}
