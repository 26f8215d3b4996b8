using Shoal.Core.Geometry;
using Shoal.Storage.Workers;

namespace Shoal.Storage.Content;

internal sealed class ReadWork(WorkPool<ReadWork> pool) : PooledWork<bool>
{
    private TorrentContent _content = null!;
    private PieceIndex _piece;
    private int _begin;
    private Memory<byte> _destination;
    private CancellationToken _ct;

    public ReadWork Set(TorrentContent content, PieceIndex piece, int begin, Memory<byte> destination, CancellationToken ct)
    {
        (_content, _piece, _begin, _destination, _ct) = (content, piece, begin, destination, ct);
        return this;
    }

    protected override bool Work(WorkerScratch scratch)
    {
        _ct.ThrowIfCancellationRequested();
        return _content.Read(_piece, _begin, _destination.Span);
    }

    protected override void Return()
    {
        (_content, _destination, _ct) = (null!, default, default);
        pool.Return(this);
    }
}
