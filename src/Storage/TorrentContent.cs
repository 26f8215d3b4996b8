using Shoal.Core;
using Shoal.Core.Geometry;
using Shoal.Core.Metainfo;

namespace Shoal.Storage;

/// <summary>
/// One open copy of a torrent on disk. A piece is absent until its bytes are written and proven, then present until its file is found changed.
/// Any thread may call; reads and writes run on storage workers.
/// </summary>
public sealed class TorrentContent : IAsyncDisposable
{
    public TorrentInfo Info => throw new NotImplementedException();

    public PieceLayers Layers => throw new NotImplementedException();

    /// <summary>Bytes that need not be fetched: found at the target or elsewhere in the store when the download began.</summary>
    public long ReusedBytes => throw new NotImplementedException();

    /// <summary>Absolute: the file, or the folder, as it stands or will stand.</summary>
    public string FinalPath => throw new NotImplementedException();

    /// <summary>Whether every piece is present and stands at its final name.</summary>
    public bool IsComplete => throw new NotImplementedException();

    /// <summary>A piece that was present is not any more. Raised on a thread of the store; must return quickly.</summary>
    public event Action<PieceIndex>? Lost = delegate { };

    /// <summary>What is proven and in place now.</summary>
    public Bitfield CopyPresent() => throw new NotImplementedException();

    /// <summary>Reads a run of bytes of a present piece: one positioned read.</summary>
    /// <param name="destination">Lent until the task ends; its length is how much is read.</param>
    /// <returns>False if the piece is absent, or its file was found changed or gone.</returns>
    public ValueTask<bool> TryReadAsync(PieceIndex piece, int begin, Memory<byte> destination, CancellationToken ct) => throw new NotImplementedException();

    /// <summary>Proves a whole piece, writes it where it belongs and makes it present. Its layer must be known.</summary>
    /// <param name="data">Lent until the task ends.</param>
    public ValueTask<PutOutcome> PutAsync(PieceIndex piece, ReadOnlyMemory<byte> data, CancellationToken ct) => throw new NotImplementedException();

    /// <summary>The leaf hashes of a present piece.</summary>
    /// <param name="leaves">32 bytes for each block of the piece.</param>
    /// <returns>False as for a read, or if what was read is not the piece.</returns>
    public ValueTask<bool> TryReadLeavesAsync(PieceIndex piece, Memory<byte> leaves, CancellationToken ct) => throw new NotImplementedException();

    /// <summary>A file's piece layer became known: it is kept for the next run.</summary>
    public void LayersChanged(FileIndex file) => throw new NotImplementedException();

    /// <summary>All pieces are present: makes empty files, links and executable bits, and moves everything to its name. What is done is entered when this returns.</summary>
    /// <returns>The final path.</returns>
    public Task<string> CompleteAsync(CancellationToken ct) => throw new NotImplementedException();

    public ValueTask DisposeAsync() => throw new NotImplementedException();
}
