using Shoal.Core.Geometry;
using Shoal.Core.Metainfo;

namespace Shoal.Core.Merkle;

/// <summary>
/// The leaf hashes of one piece, as far as they are proven to lead to its own hash: with them each of its blocks can be proven alone (BEP 52). 32 bytes for each block of 16 KiB.
/// Set by one owner; a leaf once set never changes, so others may read what they were told is known.
/// </summary>
public sealed class PieceLeaves
{
    private readonly byte[] _leaves;
    private readonly bool[] _known;
    private readonly Hash256 _root;
    private readonly int _height;
    private readonly int _first;
    private readonly int _perRange;

    /// <summary>None is known yet. The piece's layer must be.</summary>
    public PieceLeaves(TorrentInfo info, PieceLayers layers, PieceIndex piece)
    {
        var geometry = info.Geometry;
        var file = geometry.FileOf(piece);
        _height = geometry.HashHeight(file);
        _root = layers[piece].Value;
        _first = (piece - geometry.FirstPiece(file)) << _height;
        _perRange = Math.Min(1 << _height, HashRange.MaxLength);
        _leaves = new byte[geometry.BlockCountOf(piece) * Hash256.Length];
        _known = new bool[(geometry.BlockCountOf(piece) + _perRange - 1) / _perRange];
    }

    /// <summary>What to ask for: the leaves that cover the piece, each range with the uncles that tie it to the piece's hash. None if the piece is one block.</summary>
    public IEnumerable<HashRange> Ranges
    {
        get
        {
            for (var i = 0; i < _known.Length && _height > 0; i++) yield return new HashRange(0, _first + i * _perRange, _perRange, ProofLayers);
        }
    }

    private int ProofLayers => _perRange == 1 << _height ? 0 : _height - 1;

    /// <summary>Takes one of <see cref="Ranges"/>, if it leads to the piece's hash.</summary>
    public bool TrySet(HashRange range, ReadOnlySpan<byte> hashes)
    {
        var own = range with { Index = range.Index - _first };
        if (own.BaseLayer != 0 || own.Length != _perRange || own.ProofLayers != ProofLayers || own.Index < 0 || own.Index / _perRange >= _known.Length) return false;
        if (!own.Proves(hashes, _root, _height)) return false;

        var at = own.Index * Hash256.Length;
        hashes[..Math.Min(_perRange * Hash256.Length, _leaves.Length - at)].CopyTo(_leaves.AsSpan(at));
        Volatile.Write(ref _known[own.Index / _perRange], true);
        return true;
    }

    /// <summary>Whether the leaf of a block is known, and so those of its run.</summary>
    public bool IsKnown(BlockIndex block) => Volatile.Read(ref _known[block / _perRange]);

    /// <summary>The known leaves of a run of blocks.</summary>
    public ReadOnlySpan<byte> Of(BlockIndex first, int count) => _leaves.AsSpan(first * Hash256.Length, count * Hash256.Length);

    /// <summary>Whether a run of blocks is what its leaves, which are known, say.</summary>
    /// <param name="scratch">At least 32 bytes for each block of the data; holds no meaning afterwards.</param>
    public bool Hold(BlockIndex first, ReadOnlySpan<byte> data, Span<byte> scratch)
    {
        var hashes = scratch[..((int)MerkleTree.BlockCount(data.Length) * Hash256.Length)];
        MerkleTree.HashLeaves(data, hashes);
        return hashes.SequenceEqual(Of(first, hashes.Length / Hash256.Length));
    }
}
