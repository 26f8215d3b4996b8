using Shoal.Core;
using Shoal.Core.Geometry;
using Shoal.Core.Merkle;
using Shoal.Core.Metainfo;
using Shoal.Storage.Content;
using Shoal.Storage.Runs;
using Shoal.Storage.Workers;

namespace Shoal.Storage;

/// <summary>
/// A file or a chunk that lies in one or more open copies, seen as the canonical torrent of its bytes: one file, another piece length. Nothing is written through it. A piece is present if
/// any of the copies has all pieces that cover it, so that copies in part make up for each other; it comes and goes as those do. Copies that the store gets after the view was opened
/// are not in it. The piece layer is folded up from a copy whose pieces are no larger; else the bytes are hashed, a piece of the copy at a time, when they are first asked about. Any thread may call.
/// </summary>
public sealed class FileView : ISwarmContent
{
    private readonly StoreContext _context;
    private readonly RunSource[] _sources;
    private readonly Action<PieceIndex>[] _onChange;
    private readonly RunLayer? _layer;
    private readonly SemaphoreSlim _hashing = new(1);
    private readonly Lock _lock = new();
    private readonly Bitfield _present;
    private int _isDisposed;

    internal FileView(StoreContext context, TorrentInfo info, IEnumerable<RunSource> sources)
    {
        (_context, Info, Layers) = (context, info, new PieceLayers(info));
        _sources = [.. sources];
        _present = new Bitfield(info.Geometry.PieceCount);
        _onChange = [.. _sources.Select(source => (Action<PieceIndex>)(piece => OnChange(source, piece)))];
        for (var i = 0; i < _sources.Length; i++)
        {
            _sources[i].Content.Gained += _onChange[i];
            _sources[i].Content.Lost += _onChange[i];
        }

        for (var piece = 0; piece < info.Geometry.PieceCount; piece++) Look(new PieceIndex(piece));
        if (!Layers.NeedsLayer(Whole) || TryFold()) return;

        _layer = context.RunLayers.Of(info.Files[0].Id.Value, info.Length, info.Geometry.PieceCount);
        Publish();
    }

    public TorrentInfo Info { get; }

    public PieceLayers Layers { get; }

    /// <inheritdoc/>
    public event Action<PieceIndex>? Lost;

    /// <inheritdoc/>
    public event Action<PieceIndex>? Gained;

    /// <inheritdoc/>
    public Bitfield CopyPresent()
    {
        lock (_lock) return new Bitfield(_present);
    }

    /// <inheritdoc/>
    public ValueTask<bool> TryReadAsync(PieceIndex piece, int begin, Memory<byte> destination, CancellationToken ct)
    {
        if (!Info.Geometry.Contains(piece, begin, destination.Length)) throw new ArgumentOutOfRangeException(nameof(piece));

        var at = (long)piece * Info.Geometry.PieceLength + begin;
        return _sources.Length == 1 ? ReadAsync(_sources[0], piece, at, destination, ct) : ReadAnyAsync(piece, at, destination, ct);
    }

    /// <inheritdoc/>
    public async ValueTask<bool> TryReadLeavesAsync(PieceIndex piece, Memory<byte> leaves, CancellationToken ct)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(leaves.Length, Info.Geometry.BlockCountOf(piece) * Hash256.Length, nameof(leaves));
        var node = new byte[Hash256.Length];
        var height = Info.Geometry.HashHeight(Whole);
        if (Layers.IsKnown(Whole)) Layers[piece].Value.CopyTo(node);
        else if (!await TryReadNodesAsync(Whole, height, piece, node, ct)) return false;

        foreach (var source in Holders(piece))
        {
            if (await _context.Workers.RunAsync(scratch => ReadLeaves(source, piece, height, new Hash256(node), leaves.Span, scratch), ct)) return true;
        }

        return false;
    }

    /// <inheritdoc/>
    public async ValueTask<bool> TryReadNodesAsync(FileIndex file, int height, int index, Memory<byte> nodes, CancellationToken ct)
    {
        var geometry = Info.Geometry;
        ArgumentOutOfRangeException.ThrowIfLessThan(height, geometry.HashHeight(Whole));
        for (var i = 0; i < nodes.Length / Hash256.Length; i++)
        {
            if (await NodeAsync(height, index + i, ct) is not { } node) return false;

            node.CopyTo(nodes.Span[(i * Hash256.Length)..]);
        }

        return true;
    }

    private static FileIndex Whole => default;

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0) return;

        for (var i = 0; i < _sources.Length; i++)
        {
            _sources[i].Content.Gained -= _onChange[i];
            _sources[i].Content.Lost -= _onChange[i];
            await _sources[i].Content.DisposeAsync();
        }
    }

    private IEnumerable<RunSource> Holders(PieceIndex piece) => _sources.Where(s => s.Has((long)piece * Info.Geometry.PieceLength, Info.Geometry.LengthOf(piece)));

    private static ValueTask<bool> ReadAsync(RunSource source, long at, Memory<byte> destination, CancellationToken ct)
    {
        var begin = (int)(at % source.PieceLength);
        return begin + destination.Length <= source.PieceLength
            ? source.Content.TryReadAsync(new PieceIndex(source.FirstPiece + (int)(at / source.PieceLength)), begin, destination, ct)
            : source.ReadAsync(at, destination, ct);
    }

    private ValueTask<bool> ReadAsync(RunSource source, PieceIndex piece, long at, Memory<byte> destination, CancellationToken ct)
    {
        bool isPresent;
        lock (_lock) isPresent = _present[piece];
        return isPresent ? ReadAsync(source, at, destination, ct) : new ValueTask<bool>(false);
    }

    private async ValueTask<bool> ReadAnyAsync(PieceIndex piece, long at, Memory<byte> destination, CancellationToken ct)
    {
        foreach (var source in _sources)
        {
            if (source.Has((long)piece * Info.Geometry.PieceLength, Info.Geometry.LengthOf(piece)) && await ReadAsync(source, at, destination, ct)) return true;
        }

        return false;
    }

    private bool ReadLeaves(RunSource source, PieceIndex piece, int height, Hash256 expected, Span<byte> leaves, WorkerScratch scratch)
    {
        var (start, length) = ((long)piece * Info.Geometry.PieceLength, Info.Geometry.LengthOf(piece));
        for (var at = 0; at < length; at += WorkerScratch.BufferLength)
        {
            var part = scratch.Buffer[..Math.Min(WorkerScratch.BufferLength, length - at)];
            if (!source.Read(start + at, part)) return false;

            MerkleTree.HashLeaves(part, leaves[(at / MerkleTree.BlockLength * Hash256.Length)..]);
        }

        var layer = scratch.Hashes(Info.Geometry.BlockCountOf(piece));
        leaves[..layer.Length].CopyTo(layer);
        if (MerkleTree.Fold(layer, 0, height) == expected) return true;

        source.Suspect();
        return false;
    }

    /// <summary>A node at or above the piece layer; null if it takes bytes that are not here.</summary>
    private async ValueTask<Hash256?> NodeAsync(int height, int index, CancellationToken ct)
    {
        var geometry = Info.Geometry;
        var (first, width) = ((long)index << (height - geometry.PieceHeight), 1L << (height - geometry.PieceHeight));
        if (first >= geometry.PieceCount) return new Hash256(MerkleTree.PadHash(height));

        var count = (int)Math.Min(width, geometry.PieceCount - first);
        if (Layers.IsKnown(Whole)) return MerkleTree.Fold(Layers[Whole].Slice((int)first * Hash256.Length, count * Hash256.Length).ToArray(), geometry.PieceHeight, height);
        if (_layer is not { } layer) return null;
        if (!layer.Knows((int)first, count))
        {
            if (_sources.FirstOrDefault(s => s.KnowsLayer && s.Height <= height) is { } above) return above.Node(height, index);
            if (!await HashAsync(layer, first, count, ct)) return null;
        }

        return MerkleTree.Fold(layer.Copy((int)first, count), geometry.PieceHeight, height);
    }

    /// <summary>Hashes what of the layer is not known, once, whoever asks.</summary>
    private async Task<bool> HashAsync(RunLayer layer, long first, int count, CancellationToken ct)
    {
        await _hashing.WaitAsync(ct);
        try
        {
            for (var piece = first; piece < first + count;)
            {
                if (layer.Knows((int)piece, 1))
                {
                    piece++;
                    continue;
                }

                var at = piece * Info.Geometry.PieceLength;
                var found = false;
                foreach (var source in _sources.Where(s => s.KnowsLayer && s.Height > Info.Geometry.PieceHeight && s.Has(at, 1)))
                {
                    found = await _context.Workers.RunAsync(scratch => TryHash(layer, source, (int)(at / source.PieceLength), scratch), ct);
                    if (found) break;
                }

                if (!found) return false;
            }

            Publish();
            return true;
        }
        finally
        {
            _hashing.Release();
        }
    }

    /// <summary>Hashes one piece of a copy down to the piece layer of the run, and compares it with what that copy's layer says.</summary>
    private bool TryHash(RunLayer layer, RunSource source, int sourcePiece, WorkerScratch scratch)
    {
        var (pieceLength, height) = (Info.Geometry.PieceLength, Info.Geometry.PieceHeight);
        var begin = (long)sourcePiece * source.PieceLength;
        var end = Math.Min(begin + source.PieceLength, Info.Length);
        var hashes = new byte[(int)((end - begin + pieceLength - 1) / pieceLength) * Hash256.Length];
        for (var i = 0; i < hashes.Length / Hash256.Length; i++)
        {
            var at = begin + (long)i * pieceLength;
            var length = (int)Math.Min(pieceLength, end - at);
            var leaves = scratch.Hashes((int)MerkleTree.BlockCount(length));
            for (var done = 0; done < length; done += WorkerScratch.BufferLength)
            {
                var part = scratch.Buffer[..Math.Min(WorkerScratch.BufferLength, length - done)];
                if (!source.Read(at + done, part)) return false;

                MerkleTree.HashLeaves(part, leaves[(done / MerkleTree.BlockLength * Hash256.Length)..]);
            }

            MerkleTree.Fold(leaves, 0, height).CopyTo(hashes.AsSpan(i * Hash256.Length));
        }

        if (MerkleTree.Fold((byte[])hashes.Clone(), height, source.Height) != source.Node(source.Height, sourcePiece))
        {
            source.Suspect();
            return false;
        }

        layer.Set((int)(begin / pieceLength), hashes);
        return true;
    }

    private void Publish()
    {
        var pieces = Info.Geometry.PieceCount;
        if (!Layers.IsKnown(Whole) && _layer!.Knows(0, pieces)) Layers.TrySet(Whole, _layer.Copy(0, pieces));
    }

    private bool TryFold()
    {
        var geometry = Info.Geometry;
        foreach (var source in _sources)
        {
            if (!source.KnowsLayer || source.Height > geometry.PieceHeight || source.PieceLength > geometry.PieceLength) continue;

            var layer = new byte[geometry.PieceCount * Hash256.Length];
            for (var i = 0; i < geometry.PieceCount; i++) source.Node(geometry.PieceHeight, i).CopyTo(layer.AsSpan(i * Hash256.Length));
            if (Layers.TrySet(Whole, layer)) return true;
        }

        return false;
    }

    /// <summary>A piece of a copy came or went.</summary>
    private void OnChange(RunSource source, PieceIndex piece)
    {
        var begin = (long)(piece - source.FirstPiece) * source.PieceLength;
        if (begin < 0 || begin >= Info.Length) return;

        var end = Math.Min(begin + source.PieceLength, Info.Length);
        for (var i = (int)(begin / Info.Geometry.PieceLength); (long)i * Info.Geometry.PieceLength < end; i++) Look(new PieceIndex(i));
    }

    /// <summary>Looks again whether a piece is there, until it was seen so twice: another thread may be at it.</summary>
    private void Look(PieceIndex piece)
    {
        while (true)
        {
            var isPresent = Holders(piece).Any();
            bool isNew;
            lock (_lock) isNew = isPresent ? _present.Set(piece) : _present.Clear(piece);
            if (!isNew) return;

            (isPresent ? Gained : Lost)?.Invoke(piece);
        }
    }
}
