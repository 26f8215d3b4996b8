using Shoal.Core.Geometry;
using Shoal.Engine.Limits;

namespace Shoal.Engine.Picking;

/// <summary>
/// How many blocks to have asked one peer for. Grows by every block that comes until the rate no longer follows; from then on it is what the measured rate
/// moves in a round trip and a little longer, so that the path stays full and the last blocks are not promised to a peer for long.
/// </summary>
internal sealed class RequestWindow
{
    private const int Initial = 32;
    private const int Smallest = 4;
    private const int Unsaid = 250; // what clients that do not say are known to keep
    private const int Largest = 2048; // 32 MiB: 1 Gbit/s over 250 ms
    private static readonly TimeSpan Reserve = TimeSpan.FromMilliseconds(250);

    private int _largest = Unsaid;
    private bool _growing = true;
    private TimeSpan _roundTrip = TimeSpan.MaxValue;

    public int Size { get; private set; } = Initial;

    /// <summary>The shortest that a request took; null before one came back.</summary>
    public TimeSpan? RoundTrip => _roundTrip == TimeSpan.MaxValue ? null : _roundTrip;

    public RateMeter Rate { get; } = new();

    /// <summary>The peer says how many requests it keeps; 0 if it does not.</summary>
    public void Limit(int requests)
    {
        _largest = Math.Clamp(requests == 0 ? Unsaid : requests, 1, Largest);
        Size = Math.Min(Size, _largest);
    }

    public void OnReceived(int blocks, int bytes)
    {
        Rate.Add(bytes);
        if (_growing) Size = Math.Min(_largest, Size + blocks);
    }

    /// <summary>A request that had nothing before it took that long.</summary>
    public void OnRoundTrip(TimeSpan time)
    {
        if (time < _roundTrip) _roundTrip = time;
    }

    /// <param name="isFull">Whether the window is what held the peer back since the last tick.</param>
    public void Tick(TimeSpan now, bool isFull)
    {
        Rate.Tick(now);
        if (Rate.BytesPerSecond == 0) return;

        var roundTrip = RoundTrip ?? TimeSpan.Zero;
        var needed = (int)Math.Ceiling(Rate.BytesPerSecond * (roundTrip * 1.5 + Reserve).TotalSeconds / TorrentGeometry.BlockLength);
        if (_growing && Size > 2 * needed + Initial) _growing = false;
        if (_growing || (!isFull && needed < Size / 2)) return;

        Size = Math.Clamp(needed + 2, Math.Min(Smallest, _largest), _largest);
    }

    /// <summary>The peer owes data for too long: ask for one block at a time.</summary>
    public void Collapse()
    {
        Size = 1;
        _growing = true;
    }
}
