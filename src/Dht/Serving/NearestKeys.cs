using System.Diagnostics.CodeAnalysis;
using Shoal.Core;

namespace Shoal.Dht.Serving;

/// <summary>Something kept under a key.</summary>
internal abstract class KeyEntry(Hash160 key)
{
    public Hash160 Key { get; } = key;

    /// <summary>Where it stands in the heap of <see cref="NearestKeys{T}"/>.</summary>
    public int Place { get; set; }
}

/// <summary>
/// A bounded table of keys that strangers choose. When it is full the key farthest from our own ID goes first, since others are closer to it and are asked for it;
/// one farther than all is not taken. Every step is logarithmic, and telling that there is no room is constant: a heap with the farthest on top.
/// </summary>
internal sealed class NearestKeys<T>(Hash160 self, int max, Random random)
    where T : KeyEntry
{
    private readonly Dictionary<Hash160, T> _byKey = new(new KeyedComparer(KeyedHash.Create(random)));
    private readonly List<T> _heap = [];
    private Hash160 _self = self;

    public int Count => _heap.Count;

    /// <summary>In no order that means anything.</summary>
    public T this[int index] => _heap[index];

    /// <summary>From where distances count. Our own ID may change; the keys then stay, and stand anew.</summary>
    public Hash160 Self
    {
        get => _self;
        set
        {
            _self = value;
            for (var place = _heap.Count / 2 - 1; place >= 0; place--) Sink(_heap[place], place);
        }
    }

    public T Farthest => _heap[0];

    public bool TryGet(Hash160 key, [NotNullWhen(true)] out T? entry) => _byKey.TryGetValue(key, out entry);

    /// <summary>Whether a key is nearer than the farthest that is here.</summary>
    public bool IsNearer(Hash160 key) => Count > 0 && (key ^ _self) < (_heap[0].Key ^ _self);

    /// <summary>Whether one has to go before another can come.</summary>
    public bool IsFull => Count >= max;

    /// <param name="entry">Its key is new, and there is room.</param>
    public void Add(T entry)
    {
        _byKey.Add(entry.Key, entry);
        _heap.Add(entry);
        Rise(entry, _heap.Count - 1);
    }

    public void Remove(T entry)
    {
        _byKey.Remove(entry.Key);
        var last = _heap[^1];
        _heap.RemoveAt(_heap.Count - 1);
        if (last == entry) return;

        var place = entry.Place;
        Rise(last, place);
        if (last.Place == place) Sink(last, place);
    }

    private void Rise(T entry, int place)
    {
        var distance = entry.Key ^ _self;
        while (place > 0)
        {
            var parent = _heap[(place - 1) / 2];
            if (distance <= (parent.Key ^ _self)) break;

            Put(parent, place);
            place = (place - 1) / 2;
        }

        Put(entry, place);
    }

    private void Sink(T entry, int place)
    {
        var distance = entry.Key ^ _self;
        while (2 * place + 1 < _heap.Count)
        {
            var child = 2 * place + 1;
            if (child + 1 < _heap.Count && (_heap[child + 1].Key ^ _self) > (_heap[child].Key ^ _self)) child++;
            if (distance >= (_heap[child].Key ^ _self)) break;

            Put(_heap[child], place);
            place = child;
        }

        Put(entry, place);
    }

    private void Put(T entry, int place)
    {
        _heap[place] = entry;
        entry.Place = place;
    }
}
