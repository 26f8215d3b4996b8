using Shoal.Core;

namespace Shoal.Engine;

/// <summary>
/// Connections that have not said which swarm they want. When there is no room, the oldest of the address that holds most of them gives way to an address that
/// holds fewer: whoever opens connections by the thousand keeps nobody else out. Of global addresses a range counts as one. Any thread may call; its lock is a leaf.
/// </summary>
internal sealed class HalfOpen(int capacity)
{
    private readonly Lock _lock = new();
    private readonly LinkedList<Place> _places = new();
    private readonly Dictionary<NetEndPoint, int> _held = [];

    public int Count
    {
        get
        {
            lock (_lock) return _places.Count;
        }
    }

    /// <returns>A place, to be disposed when the connection has said what it wants; null if there is none for this address.</returns>
    public Place? TryEnter(NetEndPoint endPoint)
    {
        var owner = endPoint.Scope == NetworkScope.Global ? endPoint.Range : endPoint.WithPort(0);
        Place? evicted = null;
        Place place;
        lock (_lock)
        {
            if (_places.Count >= capacity)
            {
                var (crowd, most) = _held.MaxBy(h => h.Value);
                if (most <= _held.GetValueOrDefault(owner) + 1) return null;

                evicted = _places.First(p => p.Owner == crowd);
                RemoveNow(evicted);
            }

            place = new Place(this, owner);
            _places.AddLast(place);
            _held[owner] = _held.GetValueOrDefault(owner) + 1;
        }

        evicted?.GiveWay();
        return place;
    }

    private void Remove(Place place)
    {
        lock (_lock) RemoveNow(place);
    }

    private void RemoveNow(Place place)
    {
        if (!_places.Remove(place)) return; // it gave way before

        if (--_held[place.Owner] == 0) _held.Remove(place.Owner);
    }

    internal sealed class Place(HalfOpen all, NetEndPoint owner) : IDisposable
    {
        private readonly CancellationTokenSource _givesWay = new();

        public NetEndPoint Owner => owner;

        /// <summary>Cancelled when another takes the place.</summary>
        public CancellationToken GivesWay => _givesWay.Token;

        public void GiveWay()
        {
            try
            {
                _givesWay.Cancel();
            }
            catch (ObjectDisposedException)
            {
                // it has just said what it wants
            }
        }

        public void Dispose()
        {
            all.Remove(this);
            _givesWay.Dispose();
        }
    }
}
