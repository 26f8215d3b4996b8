using System.Buffers.Binary;
using Shoal.Core;
using Shoal.Dht.Announcing;

namespace Shoal.Dht;

/// <summary>
/// What outlives a process: node IDs by address, addresses of contacts, and what was announced when. A magic word, a version, then counted lists; endpoints are
/// compact, with their length before them; times are seconds.
/// </summary>
internal sealed record DhtState(IReadOnlyList<SavedNode> Nodes, IReadOnlyList<NetEndPoint> EndPoints)
{
    public const int MaxEndPoints = 512;

    private const int MaxNodes = 256;
    private const int MaxAnnouncements = 1_000_000;
    private const byte Version = 2;
    private const int AnnouncementLength = Hash160.Length + 2 + 2;

    private static ReadOnlySpan<byte> Magic => "SDHT"u8;

    /// <summary>When it was saved, Unix time.</summary>
    public DateTimeOffset SavedAt { get; init; } = DateTimeOffset.UnixEpoch;

    /// <summary>As of <see cref="SavedAt"/>.</summary>
    public IReadOnlyList<RememberedAnnouncement> Announcements { get; init; } = [];

    public static bool TryRead(ReadOnlySpan<byte> bytes, out DhtState state)
    {
        state = null!;
        const int HeaderLength = 5 + sizeof(long);
        if (bytes.Length < HeaderLength || !bytes.StartsWith(Magic) || bytes[4] != Version) return false;

        var savedAt = BinaryPrimitives.ReadInt64BigEndian(bytes[5..]);
        var rest = bytes[HeaderLength..];
        if (savedAt is < 0 or > uint.MaxValue || !TryReadCount(ref rest, MaxNodes, out var nodeCount)) return false;

        var nodes = new List<SavedNode>();
        for (var i = 0; i < nodeCount; i++)
        {
            if (!TryReadEndPoint(ref rest, out var at) || rest.Length < Hash160.Length) return false;

            nodes.Add(new SavedNode(at, new NodeId(new Hash160(rest[..Hash160.Length]))));
            rest = rest[Hash160.Length..];
        }

        if (!TryReadCount(ref rest, MaxEndPoints, out var endPointCount)) return false;

        var endPoints = new List<NetEndPoint>();
        for (var i = 0; i < endPointCount; i++)
        {
            if (!TryReadEndPoint(ref rest, out var endPoint)) return false;
            endPoints.Add(endPoint);
        }

        if (!TryReadCount(ref rest, MaxAnnouncements, out var announced) || rest.Length != announced * AnnouncementLength) return false;

        var announcements = new List<RememberedAnnouncement>(announced);
        for (; !rest.IsEmpty; rest = rest[AnnouncementLength..])
        {
            var port = BinaryPrimitives.ReadUInt16BigEndian(rest[Hash160.Length..]);
            var age = BinaryPrimitives.ReadUInt16BigEndian(rest[(Hash160.Length + 2)..]);
            announcements.Add(new RememberedAnnouncement(new Hash160(rest[..Hash160.Length]), port, TimeSpan.FromSeconds(age)));
        }

        state = new DhtState(nodes, endPoints) { SavedAt = DateTimeOffset.FromUnixTimeSeconds(savedAt), Announcements = announcements };
        return true;
    }

    public byte[] ToBytes()
    {
        const int EndPointLength = 1 + NetEndPoint.CompactLengthV6;
        var announced = Math.Min(Announcements.Count, MaxAnnouncements);
        var bytes = new byte[5 + sizeof(long) + 3 * sizeof(int) + Nodes.Count * (EndPointLength + Hash160.Length) + EndPoints.Count * EndPointLength + announced * AnnouncementLength];
        Magic.CopyTo(bytes);
        bytes[4] = Version;
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(5), SavedAt.ToUnixTimeSeconds());

        var rest = bytes.AsSpan(5 + sizeof(long));
        WriteCount(ref rest, Math.Min(Nodes.Count, MaxNodes));
        foreach (var node in Nodes.Take(MaxNodes))
        {
            Write(ref rest, node.At);
            node.Id.Value.CopyTo(rest);
            rest = rest[Hash160.Length..];
        }

        WriteCount(ref rest, Math.Min(EndPoints.Count, MaxEndPoints));
        foreach (var endPoint in EndPoints.Take(MaxEndPoints)) Write(ref rest, endPoint);

        WriteCount(ref rest, announced);
        foreach (var announcement in Announcements.Take(announced))
        {
            announcement.Key.CopyTo(rest);
            BinaryPrimitives.WriteUInt16BigEndian(rest[Hash160.Length..], (ushort)announcement.Port);
            BinaryPrimitives.WriteUInt16BigEndian(rest[(Hash160.Length + 2)..], (ushort)Math.Min(announcement.Age.TotalSeconds, ushort.MaxValue));
            rest = rest[AnnouncementLength..];
        }

        return bytes[..^rest.Length];
    }

    private static bool TryReadCount(ref ReadOnlySpan<byte> rest, int max, out int count)
    {
        count = 0;
        if (rest.Length < sizeof(int)) return false;

        count = BinaryPrimitives.ReadInt32BigEndian(rest);
        rest = rest[sizeof(int)..];
        return count >= 0 && count <= max;
    }

    private static bool TryReadEndPoint(ref ReadOnlySpan<byte> rest, out NetEndPoint endPoint)
    {
        endPoint = default;
        if (rest.IsEmpty || rest.Length < rest[0] + 1 || !NetEndPoint.TryReadCompact(rest.Slice(1, rest[0]), out endPoint)) return false;

        rest = rest[(rest[0] + 1)..];
        return true;
    }

    private static void WriteCount(ref Span<byte> rest, int count)
    {
        BinaryPrimitives.WriteInt32BigEndian(rest, count);
        rest = rest[sizeof(int)..];
    }

    private static void Write(ref Span<byte> rest, NetEndPoint endPoint)
    {
        rest[0] = (byte)endPoint.CompactLength;
        endPoint.WriteCompact(rest[1..]);
        rest = rest[(1 + endPoint.CompactLength)..];
    }
}

/// <summary>The ID that a node had at an address of ours.</summary>
internal readonly record struct SavedNode(NetEndPoint At, NodeId Id);
