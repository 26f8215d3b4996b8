using Shoal.Core;
using Shoal.Core.Geometry;
using Shoal.Core.Merkle;

namespace Shoal.Storage.Runs;

/// <summary>A run within one copy: a whole file, or an aligned part of one of one piece or more.</summary>
/// <param name="Offset">In the file; at a piece's beginning.</param>
internal sealed record RunSource(TorrentContent Content, FileIndex File, long Offset, long Length)
{
    private TorrentGeometry Geometry => Content.Info.Geometry;

    public int PieceLength => Geometry.PieceLength;

    /// <summary>Where the hashes of its pieces lie above the leaves.</summary>
    public int Height => Geometry.HashHeight(File);

    public int FirstPiece => Geometry.FirstPiece(File) + (int)(Offset / PieceLength);

    public int PieceCount => (int)((Length + PieceLength - 1) / PieceLength);

    public bool KnowsLayer => Content.Layers.IsKnown(File);

    public bool Has(long begin, long length)
    {
        var last = FirstPiece + (int)((begin + length - 1) / PieceLength);
        for (var piece = FirstPiece + (int)(begin / PieceLength); piece <= last; piece++)
        {
            if (!Content.State.IsPresent(new PieceIndex(piece))) return false;
        }

        return true;
    }

    /// <summary>Reads on a worker.</summary>
    public bool Read(long begin, Span<byte> destination)
    {
        while (destination.Length > 0)
        {
            var at = (int)(begin % PieceLength);
            var part = destination[..Math.Min(destination.Length, PieceLength - at)];
            var piece = new PieceIndex(FirstPiece + (int)(begin / PieceLength));
            if (!Content.State.IsPresent(piece) || !Content.Read(piece, at, part)) return false;

            begin += part.Length;
            destination = destination[part.Length..];
        }

        return true;
    }

    /// <summary>Reads without a worker where it need not wait.</summary>
    public async ValueTask<bool> ReadAsync(long begin, Memory<byte> destination, CancellationToken ct)
    {
        while (destination.Length > 0)
        {
            var at = (int)(begin % PieceLength);
            var part = destination[..Math.Min(destination.Length, PieceLength - at)];
            if (!await Content.TryReadAsync(new PieceIndex(FirstPiece + (int)(begin / PieceLength)), at, part, ct)) return false;

            (begin, destination) = (begin + part.Length, destination[part.Length..]);
        }

        return true;
    }

    /// <summary>A node of the run's tree at a height that is not below the pieces' hashes. The layer must be known, and the node must cover some of the run.</summary>
    public Hash256 Node(int height, long index)
    {
        var first = (int)(index << (height - Height));
        var count = (int)Math.Min(1L << (height - Height), PieceCount - first);
        if (count == 1 && height == Height) return Content.Layers[new PieceIndex(FirstPiece + first)].Value;

        var layer = Content.Layers[File].Slice((int)(Offset / PieceLength + first) * Hash256.Length, count * Hash256.Length);
        return MerkleTree.Fold(layer.ToArray(), Height, height);
    }

    /// <summary>What was read is not what the layer says.</summary>
    public void Suspect() => Content.Suspect(File);
}
