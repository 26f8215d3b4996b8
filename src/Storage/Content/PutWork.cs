using Shoal.Core.Geometry;
using Shoal.Storage.Workers;

namespace Shoal.Storage.Content;

internal sealed class PutWork(WorkPool<PutWork> pool) : PooledWork<PutOutcome>
{
    private TorrentContent _content = null!;
    private PieceIndex _piece;
    private ReadOnlyMemory<byte> _data;
    private CancellationToken _ct;

    public PutWork Set(TorrentContent content, PieceIndex piece, ReadOnlyMemory<byte> data, CancellationToken ct)
    {
        (_content, _piece, _data, _ct) = (content, piece, data, ct);
        return this;
    }

    protected override PutOutcome Work(WorkerScratch scratch)
    {
        _ct.ThrowIfCancellationRequested();
        return _content.Put(_piece, _data.Span, scratch);
    }

    protected override void Return()
    {
        (_content, _data, _ct) = (null!, default, default);
        pool.Return(this);
    }
}
