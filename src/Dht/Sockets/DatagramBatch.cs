using System.Runtime.InteropServices;
using Shoal.Core;

namespace Shoal.Dht.Sockets;

/// <summary>
/// Datagrams one behind the other in a buffer that is used again after <see cref="Clear"/>: what a socket has received, or is to send. The buffer grows with
/// what it holds, up to <paramref name="capacity"/> times <see cref="MaxLength"/>. For one thread at a time.
/// </summary>
/// <param name="capacity">How many datagrams it takes.</param>
public sealed class DatagramBatch(int capacity)
{
    /// <summary>No datagram is longer: twice what a message may be (BEP 32), and more than a frame of Ethernet.</summary>
    public const int MaxLength = 2048;

    private readonly List<Entry> _entries = [];
    private byte[] _bytes = new byte[MaxLength];

    public int Count => _entries.Count;

    /// <summary>How many more it takes.</summary>
    public int Room => capacity - _entries.Count;

    /// <summary>The length of all of them together.</summary>
    public int Length { get; private set; }

    /// <summary>All of them, for a system call that takes their <see cref="Place"/>.</summary>
    internal ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, Length);

    public ReadOnlySpan<byte> this[int index] => _bytes.AsSpan(_entries[index].Start, _entries[index].Length);

    /// <summary>Who sent it, or is to get it.</summary>
    public NetEndPoint Remote(int index) => _entries[index].Remote;

    /// <summary>The local endpoint to which it was sent, or from which it is to leave; default for any.</summary>
    public NetEndPoint Local(int index) => _entries[index].Local;

    internal (int Start, int Length) Place(int index) => (_entries[index].Start, _entries[index].Length);

    /// <summary>False if the batch is full, or the datagram too long.</summary>
    public bool TryAdd(ReadOnlySpan<byte> datagram, NetEndPoint remote, NetEndPoint local)
    {
        if (Room == 0 || datagram.Length > MaxLength) return false;

        _entries.Add(new Entry(Length, datagram.Length, remote, local));
        Append(datagram);
        return true;
    }

    /// <summary>Adds those of another batch that find room; how many.</summary>
    public int Add(DatagramBatch other)
    {
        var count = Math.Min(other.Count, Room);
        if (count == 0) return 0;

        var end = other._entries[count - 1].Start + other._entries[count - 1].Length;
        foreach (ref readonly var entry in CollectionsMarshal.AsSpan(other._entries)[..count]) _entries.Add(entry with { Start = Length + entry.Start });
        Append(other._bytes.AsSpan(0, end));
        return count;
    }

    public void Clear()
    {
        _entries.Clear();
        Length = 0;
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        if (_bytes.Length - Length < bytes.Length) Array.Resize(ref _bytes, Math.Max(2 * _bytes.Length, Length + bytes.Length));
        bytes.CopyTo(_bytes.AsSpan(Length));
        Length += bytes.Length;
    }

    private readonly record struct Entry(int Start, int Length, NetEndPoint Remote, NetEndPoint Local);
}
