using Shoal.Core.Geometry;
using Shoal.Core.Merkle;

namespace Shoal.Core.Metainfo;

/// <summary>
/// The proven SHA-256 of every piece of a torrent of v2, as far as known; of v1 alone there are none. A file of one piece needs nothing beyond its pieces root; of larger files the piece
/// layer comes from a <c>.torrent</c>, the store, or peers. Set by one owner; a layer once set never changes, so others may read.
/// </summary>
public sealed class PieceLayers
{
    private readonly TorrentInfo _info;
    private readonly byte[]?[] _layers;

    public PieceLayers(TorrentInfo info)
    {
        _info = info;
        _layers = new byte[info.Files.Count][];
        for (var i = 0; i < _layers.Length; i++)
        {
            if (NeedsLayer(new FileIndex(i))) Missing++;
        }
    }

    /// <summary>How many files still lack their layer.</summary>
    public int Missing { get; private set; }

    public bool NeedsLayer(FileIndex file) => _info.HasV2 && _info.Geometry.PieceCountOf(file) > 1;

    public bool IsKnown(FileIndex file) => !NeedsLayer(file) || _layers[file] is not null;

    public bool IsKnown(PieceIndex piece) => IsKnown(_info.Geometry.FileOf(piece));

    /// <summary>Whether there is a hash to prove the file's pieces with: its layer, or the SHA-1 of v1.</summary>
    public bool CanProve(FileIndex file) => _info.HasV1 || IsKnown(file);

    /// <summary>The layer's hashes one after the other; empty if unknown or not needed.</summary>
    public ReadOnlyMemory<byte> this[FileIndex file] => _layers[file];

    /// <summary>The chunk ID of a piece. Its layer must be known.</summary>
    public ChunkId this[PieceIndex piece]
    {
        get
        {
            var file = _info.Geometry.FileOf(piece);
            if (!NeedsLayer(file)) return new ChunkId(_info.Files[file].Id.Value);

            var layer = _layers[file] ?? throw new InvalidOperationException("the piece layer is not known yet");
            var at = (piece - _info.Geometry.FirstPiece(file)) * Hash256.Length;
            return new ChunkId(new Hash256(layer.AsSpan(at, Hash256.Length)));
        }
    }

    /// <summary>Takes a file's layer if it leads to the pieces root.</summary>
    public bool TrySet(FileIndex file, ReadOnlySpan<byte> layer)
    {
        var geometry = _info.Geometry;
        if (!NeedsLayer(file) || layer.Length != geometry.PieceCountOf(file) * Hash256.Length) return false;
        if (MerkleTree.Fold(layer.ToArray(), geometry.PieceHeight, geometry.TreeHeight(file)) != _info.Files[file].Id.Value) return false;

        if (_layers[file] is null) Missing--;
        _layers[file] ??= layer.ToArray();
        return true;
    }
}
