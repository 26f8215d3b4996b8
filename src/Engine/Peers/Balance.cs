namespace Shoal.Engine.Peers;

/// <summary>What a peer gave us and took of late: bytes of the last round of slots, half of those of the one before, and so on. One second's rate would forget who paused to find the next piece.</summary>
internal sealed class Balance
{
    private long _received, _sent;

    public double Given { get; private set; }

    public double Taken { get; private set; }

    /// <param name="received">From the peer in all.</param>
    /// <param name="sent">To the peer in all.</param>
    /// <returns>What was sent since the last round.</returns>
    public long NextRound(long received, long sent)
    {
        var now = sent - _sent;
        (Given, Taken) = (Given / 2 + received - _received, Taken / 2 + now);
        if (Given < 1) Given = 0;
        (_received, _sent) = (received, sent);
        return now;
    }
}
