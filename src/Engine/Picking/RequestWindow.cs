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
    private static readonly TimeSpan Reserve = TimeSpan.FromMilliseconds(250);

    private readonly int _largest;
    private bool _growing = true;
    private TimeSpan _roundTrip = TimeSpan.MaxValue;

    /// <param name="queueLimit">Requests the peer keeps; 0 if it does not say.</param>
    public RequestWindow(int queueLimit)
    {
        _largest = Math.Clamp(queueLimit == 0 ? 250 : queueLimit, Smallest, 1024);
        Size = Math.Min(Initial, _largest);
    }

    public int Size { get; private set; }

    public RateMeter Rate { get; } = new();

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

        var roundTrip = _roundTrip == TimeSpan.MaxValue ? TimeSpan.Zero : _roundTrip;
        var needed = (int)Math.Ceiling(Rate.BytesPerSecond * (roundTrip * 1.5 + Reserve).TotalSeconds / TorrentGeometry.BlockLength);
        if (_growing && Size > 2 * needed + Initial) _growing = false;
        if (_growing || (!isFull && needed < Size / 2)) return;

        Size = Math.Clamp(needed + 2, Smallest, _largest);
    }

    /// <summary>The peer owes data for too long: ask for one block at a time.</summary>
    public void Collapse()
    {
        Size = 1;
        _growing = true;
    }
}
