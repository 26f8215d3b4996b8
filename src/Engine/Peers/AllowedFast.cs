using System.Buffers.Binary;
using Shoal.Core;
using Shoal.Core.Geometry;

namespace Shoal.Engine.Peers;

/// <summary>
/// Pieces that a peer which has next to nothing may ask for while it is choked, so that it soon has something to trade. Which they are follows from its address: another one of the
/// same network does not get more (BEP 6).
/// </summary>
internal static class AllowedFast
{
    /// <summary>A peer that has as many needs no help.</summary>
    public const int Largest = 10; // BEP 6

    /// <summary>How many others must have a piece: in a crowd that begins, a seed's uplink is for what nobody has.</summary>
    public const int Common = 2;

    private const long MostBytes = 8 * 1024 * 1024; // given away to whoever comes

    /// <summary>How many of a torrent's pieces are given away.</summary>
    public static int SizeFor(int pieceLength) => (int)Math.Clamp(MostBytes / pieceLength, 1, Largest);

    /// <summary>The pieces, in the order of the specification; none for a peer of IPv6, of which it says nothing.</summary>
    /// <param name="key">Of the swarm, as in the handshake.</param>
    public static IReadOnlyList<PieceIndex> SetOf(NetEndPoint peer, Hash160 key, int pieceCount, int size)
    {
        if (peer.IsV6 || pieceCount == 0) return [];

        Span<byte> hashed = stackalloc byte[NetEndPoint.AddressLengthV4 + Hash160.Length];
        peer.WriteAddress(hashed);
        hashed[NetEndPoint.AddressLengthV4 - 1] = 0; // all of its /24
        key.CopyTo(hashed[NetEndPoint.AddressLengthV4..]);
        Span<byte> x = stackalloc byte[Hash160.Length];
        Hash.Sha1(hashed).CopyTo(x);
        var set = new List<PieceIndex>(size);
        while (true)
        {
            for (var at = 0; at < Hash160.Length; at += sizeof(uint))
            {
                if (set.Count >= Math.Min(size, pieceCount)) return set;

                var piece = new PieceIndex((int)(BinaryPrimitives.ReadUInt32BigEndian(x[at..]) % (uint)pieceCount));
                if (!set.Contains(piece)) set.Add(piece);
            }

            Hash.Sha1(x).CopyTo(x);
        }
    }
}
