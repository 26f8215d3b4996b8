using Shoal.Core;
using Shoal.Core.Geometry;
using Shoal.Core.Merkle;
using Shoal.Storage.Catalogues;
using Shoal.Storage.Workers;

namespace Shoal.Storage.Sharing;

/// <summary>The hashes of one file's pieces while they come in from workers, in any order. Its lock is a leaf.</summary>
internal sealed class HashedFile
{
    private readonly Lock _lock = new();
    private readonly SourceFile _source;
    private readonly byte[] _hashes;
    private readonly byte[]? _hashesV1;
    private readonly int _pieceHeight, _hashHeight, _treeHeight;
    private int _missing;

    /// <param name="isHybrid">Whether SHA-1 is wanted too, which is not remembered.</param>
    public HashedFile(SourceFile source, TorrentGeometry geometry, FileIndex index, HashedRow? known, bool isHybrid)
    {
        _source = source;
        (_pieceHeight, _hashHeight, _treeHeight) = (geometry.PieceHeight, geometry.HashHeight(index), geometry.TreeHeight(index));
        _hashes = new byte[geometry.PieceCountOf(index) * Hash256.Length];
        _hashesV1 = isHybrid ? new byte[geometry.PieceCountOf(index) * Hash160.Length] : null;
        if (known is not null && !isHybrid && known.Stamp == source.Stamp) Take(known);
        for (var i = 0; i < Count; i++)
        {
            if (!IsKnown(i)) _missing++;
        }
    }

    public int Count => _hashes.Length / Hash256.Length;

    public bool IsWhole
    {
        get
        {
            lock (_lock) return _missing == 0;
        }
    }

    /// <summary>The SHA-1 of each piece; null unless asked for.</summary>
    public byte[]? PiecesV1 => _hashesV1;

    /// <summary>The piece layer; the pieces root itself if there is one piece.</summary>
    public ReadOnlySpan<byte> Layer => _hashes;

    public FileId Id { get; private set; }

    /// <summary>Whether some pieces were hashed and others were not.</summary>
    public bool IsPart
    {
        get
        {
            lock (_lock) return _missing > 0 && _missing < Count;
        }
    }

    public bool IsKnown(int piece) => !new Hash256(_hashes.AsSpan(piece * Hash256.Length, Hash256.Length)).IsZero;

    /// <returns>Whether that was the last one.</returns>
    public bool Set(int piece, PieceDigest digest)
    {
        lock (_lock)
        {
            if (IsKnown(piece)) return false;

            digest.V2.CopyTo(_hashes.AsSpan(piece * Hash256.Length));
            if (_hashesV1 is not null) digest.V1.CopyTo(_hashesV1.AsSpan(piece * Hash160.Length));
            return --_missing == 0;
        }
    }

    /// <summary>Works the root out of the pieces. All must be there.</summary>
    public void Finish()
    {
        if (Count > 0) Id = new FileId(MerkleTree.Fold((byte[])_hashes.Clone(), _hashHeight, _treeHeight));
    }

    public HashedRow ToRow()
    {
        lock (_lock)
        {
            return new HashedRow(_source.Path, _source.Stamp, _pieceHeight, Id.Value.IsZero ? null : Id.Value, Count > 1 ? (byte[])_hashes.Clone() : []);
        }
    }

    /// <summary>Uses what was hashed before: at this piece length, at a smaller one, or a root that says it all.</summary>
    private void Take(HashedRow known)
    {
        if (Count == 1)
        {
            known.Root?.CopyTo(_hashes);
        }
        else if (known.PieceHeight == _pieceHeight && known.Layer.Length == _hashes.Length)
        {
            known.Layer.CopyTo(_hashes, 0);
        }
        else if (known.Root is not null && known.PieceHeight < _pieceHeight && known.Layer.Length > 0)
        {
            MerkleTree.FoldLayer(known.Layer, known.PieceHeight, _pieceHeight).CopyTo(_hashes, 0);
        }
    }
}
