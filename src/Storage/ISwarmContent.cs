using Shoal.Core;
using Shoal.Core.Geometry;
using Shoal.Core.Metainfo;

namespace Shoal.Storage;

/// <summary>
/// Proven bytes as a swarm serves them: a copy of a torrent, or a view of a file or chunk of one as the torrent that it is by itself. Any thread may call. A piece is
/// read only while it is present, and what is read is what was proven.
/// </summary>
public interface ISwarmContent : IAsyncDisposable
{
    TorrentInfo Info { get; }

    /// <summary>The piece layers that are known as a whole.</summary>
    PieceLayers Layers { get; }

    /// <summary>A piece that was present is not any more. Raised on a thread of the store; must return quickly.</summary>
    event Action<PieceIndex>? Lost;

    /// <summary>A piece that was absent is present, whoever brought it. Raised on a thread of the store; must return quickly.</summary>
    event Action<PieceIndex>? Gained;

    /// <summary>What is proven and in place now.</summary>
    Bitfield CopyPresent();

    /// <summary>Reads a run of bytes of a present piece.</summary>
    /// <param name="destination">Lent until the task ends; its length is how much is read.</param>
    /// <returns>False if the piece is absent, or its file was found changed or gone.</returns>
    ValueTask<bool> TryReadAsync(PieceIndex piece, int begin, Memory<byte> destination, CancellationToken ct);

    /// <summary>The leaf hashes of a present piece.</summary>
    /// <param name="leaves">32 bytes for each block of the piece; lent until the task ends.</param>
    /// <returns>False as for a read, or if what was read is not the piece.</returns>
    ValueTask<bool> TryReadLeavesAsync(PieceIndex piece, Memory<byte> leaves, CancellationToken ct);

    /// <summary>Hashes of a file's tree, side by side, of a file whose layer is not known as a whole.</summary>
    /// <param name="height">Above the leaves; not below the piece layer.</param>
    /// <param name="nodes">32 bytes for each, past the file's end those of zero leaves; lent until the task ends.</param>
    /// <returns>False if it takes bytes that are not here, or nothing can be said beyond <see cref="Layers"/>.</returns>
    ValueTask<bool> TryReadNodesAsync(FileIndex file, int height, int index, Memory<byte> nodes, CancellationToken ct);
}
