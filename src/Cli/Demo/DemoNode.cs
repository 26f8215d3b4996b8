using System.Net;
using Shoal.Node;
using Shoal.Node.Commands;
using Shoal.Node.Events;

namespace Shoal.Cli.Demo;

/// <summary>One node of the demo: a real one, on an address of its own, with a store of its own.</summary>
internal sealed class DemoNode : IAsyncDisposable
{
    private readonly ShoalNode _node;
    private readonly CancellationTokenSource _stop = new();
    private Task _sharing = Task.CompletedTask;
    private bool _isGone;

    private DemoNode(ShoalNode node) => _node = node;

    /// <summary>Where peers reach it.</summary>
    public string Address => _node.Listening.Tcp ?? "";

    /// <summary>Where the DHT reaches it.</summary>
    public string Dht => _node.Listening.Udp ?? "";

    public IShoalCommands Commands => _node.Commands;

    /// <param name="place">From 0; each has its own loopback address where there are several.</param>
    public static async Task<DemoNode> StartAsync(int place, string store, string? bootstrap, long uploadLimit, bool readOnly, CancellationToken ct)
    {
        var address = OperatingSystem.IsLinux() ? IPAddress.Parse($"127.0.0.{place + 2}") : IPAddress.Loopback;
        return new DemoNode(await ShoalNode.StartAsync(
            new NodeOptions
            {
                StorePath = store,
                Listen = [address],
                Bootstrap = bootstrap is null ? [] : [bootstrap],
                UploadLimit = uploadLimit,
                ReadOnlyDht = readOnly,
            },
            ct));
    }

    /// <summary>Shares until the node goes; returns as soon as others can find it.</summary>
    public async Task<SharedEvent> ShareAsync(DemoContent content, Action<ShoalEvent> report, TimeProvider clock, CancellationToken ct)
    {
        var shared = new TaskCompletionSource<SharedEvent>(TaskCreationOptions.RunContinuationsAsynchronously);
        var announced = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _sharing = RunAsync();
        var result = await shared.Task.WaitAsync(ct);
        await Task.WhenAny(announced.Task, Task.Delay(TimeSpan.FromSeconds(2), clock, ct));
        return result;

        async Task RunAsync()
        {
            try
            {
                await Commands.ShareAsync([new ShareRequest(content.Path) { Name = content.Name }], See, _stop.Token);
            }
            catch (OperationCanceledException)
            {
                // stopped before it was ready
            }
            catch (Exception e)
            {
                shared.TrySetException(e);
            }

            shared.TrySetException(new ShoalException("demo", "A node of the demo could not share the files."));
        }

        void See(ShoalEvent e)
        {
            if (e is ErrorEvent error) shared.TrySetException(new ShoalException(error.Code, error.Message));
            if (e is SharedEvent now) shared.TrySetResult(now);
            if (e is AnnouncedEvent) announced.TrySetResult();
            report(e);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_isGone) return;

        _isGone = true;
        await _stop.CancelAsync();
        await _sharing;
        await _node.DisposeAsync();
        _stop.Dispose();
    }
}
