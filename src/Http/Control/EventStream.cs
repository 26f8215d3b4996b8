using System.Buffers;
using System.IO.Pipelines;
using System.Threading.Channels;
using Shoal.Node.Events;

namespace Shoal.Http.Control;

/// <summary>
/// Carries events from whoever reports them to one client, in order. Bounded: a client that does not read loses progress first, and then makes the
/// reporter wait, until it reads or goes away.
/// </summary>
internal sealed class EventStream(PipeWriter output, CancellationToken ct) : IDisposable
{
    private const int Capacity = 4096;

    private readonly Channel<ShoalEvent> _events = Channel.CreateUnbounded<ShoalEvent>(new UnboundedChannelOptions { SingleReader = true });
    private readonly SemaphoreSlim _room = new(Capacity);

    public void Report(ShoalEvent e)
    {
        var passing = e is ProgressEvent or HashingEvent or ServingEvent;
        if (passing && _room.CurrentCount < Capacity / 2) return;

        try
        {
            _room.Wait(ct);
        }
        catch (Exception gone) when (gone is OperationCanceledException or ObjectDisposedException)
        {
            return; // nobody listens any more
        }

        _events.Writer.TryWrite(e);
    }

    public void Dispose() => _room.Dispose();

    public void Complete() => _events.Writer.TryComplete();

    public async Task PumpAsync()
    {
        try
        {
            while (await _events.Reader.WaitToReadAsync(ct))
            {
                while (_events.Reader.TryRead(out var e))
                {
                    await EventLine.WriteAsync(e, output, ct);
                    output.Write("\n"u8);
                    _room.Release();
                }

                await output.FlushAsync(ct);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            // the client has gone, which its token says too
        }
    }
}
