using System.Buffers;
using Shoal.Core;
using Shoal.Core.Bencode;
using Shoal.Dht.Krpc;

namespace Shoal.Dht;

/// <summary>What the core wants done: datagrams to send and events to tell, gathered in one buffer that is used again after <see cref="Clear"/>.</summary>
internal sealed class Outbox : IBufferWriter<byte>
{
    private readonly List<Entry> _entries = [];
    private byte[] _buffer = new byte[16 * 1024];
    private int _used;
    private int _start;

    public Outbox() => Writer = new KrpcWriter(new BencodeWriter(this));

    public KrpcWriter Writer { get; }

    public int Count => _entries.Count;

    /// <summary>Bytes of the datagram that is being written.</summary>
    public int Written => _used - _start;

    public List<DhtEvent> Events { get; } = [];

    public ReadOnlySpan<byte> Datagram(int index) => _buffer.AsSpan(_entries[index].Start, _entries[index].Length);

    public NetEndPoint To(int index) => _entries[index].To;

    /// <summary>The local address it should leave from: where the query that it answers arrived. Default: any.</summary>
    public NetEndPoint Via(int index) => _entries[index].Via;

    /// <summary>What was written since the last datagram was ended becomes one.</summary>
    public int End(NetEndPoint to, NetEndPoint via = default)
    {
        var length = _used - _start;
        _entries.Add(new Entry(_start, length, to, via));
        _start = _used;
        return length;
    }

    public void Clear()
    {
        _entries.Clear();
        Events.Clear();
        _used = _start = 0;
    }

    public void Advance(int count) => _used += count;

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return _buffer.AsMemory(_used);
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return _buffer.AsSpan(_used);
    }

    private void Reserve(int size)
    {
        if (_buffer.Length - _used < Math.Max(size, 1)) Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, _used + size));
    }

    private readonly record struct Entry(int Start, int Length, NetEndPoint To, NetEndPoint Via);
}
