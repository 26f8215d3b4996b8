using Shoal.Core;
using Shoal.Core.Merkle;

namespace Shoal.Floor;

/// <summary>The sizes of the pieces and messages (BEP 3, BEP 52): what the peer protocol would put on the wire, without its handshake.</summary>
internal sealed class Layout(long length)
{
    public const int BlockLength = MerkleTree.BlockLength;
    public const int PieceLength = 1 << 20;
    public const int PieceHeight = 6;
    public const int BlocksPerPiece = PieceLength / BlockLength;

    /// <summary>Length, kind, piece, begin, and in a request the length asked for.</summary>
    public const int RequestLength = 17, HeaderLength = 13;

    public int Pieces { get; } = (int)((length + PieceLength - 1) / PieceLength);

    public int Blocks { get; } = (int)((length + BlockLength - 1) / BlockLength);

    public int LengthOfPiece(int piece) => (int)Math.Min(PieceLength, length - (long)piece * PieceLength);

    public int LengthOfBlock(int block) => (int)Math.Min(BlockLength, length - (long)block * BlockLength);

    /// <param name="scratch">Room for the leaves of a piece.</param>
    public static Hash256 Root(ReadOnlySpan<byte> piece, Span<byte> scratch) => MerkleTree.Root(piece, PieceHeight, scratch);
}
