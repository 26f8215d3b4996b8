using Shoal.Core;

namespace Shoal.Storage.Runs;

/// <summary>The piece layer of a canonical torrent, as far as it was hashed: 32 bytes for each of its pieces. Written under the gate of its view; what is known stays.</summary>
internal sealed class RunLayer(int pieces)
{
    private readonly Lock _lock = new();
    private readonly Bitfield _known = new(pieces);
    private readonly byte[] _hashes = new byte[pieces * Hash256.Length];

    public int Size => _hashes.Length;

    public bool Knows(int first, int count)
    {
        lock (_lock)
        {
            var unknown = _known.NextClear(first);
            return unknown < 0 || unknown >= first + count;
        }
    }

    public byte[] Copy(int first, int count)
    {
        lock (_lock) return _hashes.AsSpan(first * Hash256.Length, count * Hash256.Length).ToArray();
    }

    public void Set(int first, ReadOnlySpan<byte> hashes)
    {
        lock (_lock)
        {
            hashes.CopyTo(_hashes.AsSpan(first * Hash256.Length));
            for (var i = 0; i < hashes.Length / Hash256.Length; i++) _known.Set(first + i);
        }
    }
}

/// <summary>Layers that cost reading the bytes, kept from one opening to the next: the least recently used go first. Its lock is a leaf.</summary>
internal sealed class RunLayers
{
    private const int MaxBytes = 16 * 1024 * 1024;

    private readonly Lock _lock = new();
    private readonly Dictionary<(Hash256, long), LinkedListNode<((Hash256, long) Key, RunLayer Layer)>> _layers = [];
    private readonly LinkedList<((Hash256, long) Key, RunLayer Layer)> _recent = new();
    private long _bytes;

    public RunLayer Of(Hash256 root, long length, int pieces)
    {
        lock (_lock)
        {
            if (_layers.TryGetValue((root, length), out var known))
            {
                _recent.Remove(known);
                _recent.AddFirst(known);
                return known.Value.Layer;
            }

            var layer = new RunLayer(pieces);
            _layers[(root, length)] = _recent.AddFirst(((root, length), layer));
            for (_bytes += layer.Size; _bytes > MaxBytes && _recent.Count > 1; _recent.RemoveLast())
            {
                _bytes -= _recent.Last!.Value.Layer.Size;
                _layers.Remove(_recent.Last.Value.Key);
            }

            return layer;
        }
    }
}
