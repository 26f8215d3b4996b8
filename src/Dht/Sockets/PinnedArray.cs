using System.Runtime.InteropServices;

namespace Shoal.Dht.Sockets;

/// <summary>An array that never moves, for structures that the kernel reads or writes by their address.</summary>
internal sealed unsafe class PinnedArray<T>(int length)
    where T : unmanaged
{
    private readonly T[] _items = GC.AllocateArray<T>(length, pinned: true);

    public ref T this[int index] => ref _items[index];

    /// <summary>Good for as long as this object is referred to.</summary>
    public T* At(int index) => (T*)Marshal.UnsafeAddrOfPinnedArrayElement(_items, index);

    public Span<T> Slice(int start, int count) => _items.AsSpan(start, count);
}
