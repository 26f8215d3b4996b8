namespace Shoal.Dht.Queries;

/// <summary>A ceiling on the bytes a second that the nodes of a process send together; bursts of a quarter of a second. Without one, everything may go.</summary>
internal sealed class SendBudget(long bytesPerSecond)
{
    private static readonly TimeSpan Burst = TimeSpan.FromMilliseconds(250);

    private double _bytes = bytesPerSecond * Burst.TotalSeconds;
    private TimeSpan _at;

    public bool HasRoom(TimeSpan now)
    {
        if (bytesPerSecond <= 0) return true;

        _bytes = Math.Min(_bytes + (now - _at).TotalSeconds * bytesPerSecond, bytesPerSecond * Burst.TotalSeconds);
        _at = now;
        return _bytes > 0;
    }

    public void Spend(int bytes) => _bytes -= bytes;
}
