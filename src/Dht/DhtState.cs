using System.Buffers.Binary;
using Shoal.Core;

namespace Shoal.Dht;

/// <summary>What outlives a process: node ID and addresses of contacts. A magic word, a version, the ID, then counted compact endpoints.</summary>
internal sealed record DhtState(NodeId Id, IReadOnlyList<NetEndPoint> EndPoints)
{
    public const int MaxEndPoints = 512;

    private const byte Version = 1;
    private const int HeaderLength = 4 + 1 + Hash160.Length + 2;

    private static ReadOnlySpan<byte> Magic => "SDHT"u8;

    public static bool TryRead(ReadOnlySpan<byte> bytes, out DhtState state)
    {
        state = null!;
        if (bytes.Length < HeaderLength || !bytes.StartsWith(Magic) || bytes[4] != Version) return false;

        var id = new NodeId(new Hash160(bytes.Slice(5, Hash160.Length)));
        var count = BinaryPrimitives.ReadUInt16BigEndian(bytes[(HeaderLength - 2)..]);
        var endPoints = new List<NetEndPoint>(Math.Min(count, bytes.Length / NetEndPoint.CompactLengthV4));
        bytes = bytes[HeaderLength..];
        for (var i = 0; i < count; i++)
        {
            if (bytes.IsEmpty) return false;

            var length = bytes[0];
            if (bytes.Length < length + 1 || !NetEndPoint.TryReadCompact(bytes.Slice(1, length), out var endPoint)) return false;

            endPoints.Add(endPoint);
            bytes = bytes[(length + 1)..];
        }

        state = new DhtState(id, endPoints);
        return true;
    }

    public byte[] ToBytes()
    {
        var count = Math.Min(EndPoints.Count, MaxEndPoints);
        var bytes = new byte[HeaderLength + count * (1 + NetEndPoint.CompactLengthV6)];
        Magic.CopyTo(bytes);
        bytes[4] = Version;
        Id.Value.CopyTo(bytes.AsSpan(5));
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(HeaderLength - 2), (ushort)count);

        var at = HeaderLength;
        for (var i = 0; i < count; i++)
        {
            bytes[at] = (byte)EndPoints[i].CompactLength;
            EndPoints[i].WriteCompact(bytes.AsSpan(at + 1));
            at += 1 + EndPoints[i].CompactLength;
        }

        return bytes[..at];
    }
}
