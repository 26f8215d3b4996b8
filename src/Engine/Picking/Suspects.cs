using Shoal.Core;
using Shoal.Core.Geometry;

namespace Shoal.Engine.Picking;

/// <summary>
/// What peers gave of pieces of v1 that did not verify. A SHA-1 covers a whole piece, so it does not tell whose block is wrong; once the piece is right, whoever gave
/// something else is known by comparing.
/// </summary>
internal sealed class Suspects
{
    private const int MostPieces = 64;

    private readonly Dictionary<int, (PeerKey Giver, Hash256 Hash)[]> _given = [];

    /// <summary>A whole piece is wrong, and several gave it.</summary>
    public void Remember(OpenPiece piece)
    {
        if (_given.Count >= MostPieces) _given.Remove(_given.Keys.First());

        var given = new (PeerKey, Hash256)[piece.BlockCount];
        for (var i = 0; i < given.Length; i++) given[i] = (piece.Giver(new BlockIndex(i)), Hash.Sha256(BlockOf(piece, i)));
        _given[piece.Index] = given;
    }

    /// <summary>The piece is right now.</summary>
    /// <returns>Who gave something else.</returns>
    public IReadOnlyCollection<PeerKey> Compare(OpenPiece piece)
    {
        if (!_given.Remove(piece.Index, out var given)) return [];

        var guilty = new HashSet<PeerKey>();
        for (var i = 0; i < given.Length; i++)
        {
            if (Hash.Sha256(BlockOf(piece, i)) != given[i].Hash) guilty.Add(given[i].Giver);
        }

        return guilty;
    }

    private static ReadOnlySpan<byte> BlockOf(OpenPiece piece, int block)
    {
        var bytes = piece.Buffer!.Memory.Span[(block * TorrentGeometry.BlockLength)..];
        return bytes[..Math.Min(TorrentGeometry.BlockLength, bytes.Length)];
    }
}
