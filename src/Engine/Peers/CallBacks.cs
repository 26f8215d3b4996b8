using Shoal.Core;

namespace Shoal.Engine.Peers;

/// <summary>
/// Downloaders that left us while we have all they lack: a seed calls them back a few times, since nobody else may. libtorrent 2.0 leaves when the last <c>have</c>
/// makes a seed of a peer it was not waiting for.
/// </summary>
internal sealed class CallBacks
{
    private const int Most = 200;
    private static readonly TimeSpan[] Waits = [TimeSpan.FromSeconds(0.2), TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(30)];

    private readonly Dictionary<NetEndPoint, (int Tries, TimeSpan At)> _left = [];

    /// <summary>Whether somebody is still to be called.</summary>
    public bool Any => _left.Values.Any(l => l.At < TimeSpan.MaxValue);

    public void Add(NetEndPoint endPoint, TimeSpan now)
    {
        var tries = _left.TryGetValue(endPoint, out var known) ? known.Tries : 0;
        if (tries < Waits.Length && (tries > 0 || _left.Count < Most)) _left[endPoint] = (tries + 1, now + Waits[tries]);
    }

    public bool TryTake(TimeSpan now, out NetEndPoint endPoint)
    {
        foreach (var (key, (tries, at)) in _left)
        {
            if (at > now) continue;

            _left[key] = (tries, TimeSpan.MaxValue); // until it leaves again
            endPoint = key;
            return true;
        }

        endPoint = default;
        return false;
    }
}
