using Microsoft.Extensions.Logging;
using Shoal.Node.Commands;
using Shoal.Node.Events;
using Shoal.Node.Network;
using Shoal.Node.Torrents;
using Shoal.Storage;
using Shoal.Storage.Disk;

namespace Shoal.Node;

/// <summary>A node: serves and fetches. The facade that the command line, the control socket and other programs call.</summary>
public sealed class ShoalNode : IAsyncDisposable
{
    private readonly NodeServices _services;
    private readonly NameAnnouncer? _names;

    private ShoalNode(NodeServices services, NameAnnouncer? names = null)
    {
        (_services, _names) = (services, names);
        Commands = new NodeCommands(services);
    }

    public NodeOptions Options => _services.Options;

    /// <summary>Where it listens; nothing if it is offline.</summary>
    public ListeningEvent Listening => Commands.Listening;

    /// <summary>The verbs of the command line on this node.</summary>
    public IShoalCommands Commands { get; }

    /// <summary>Opens the store and binds the sockets.</summary>
    /// <exception cref="ShoalException">The store is held by another process (<c>store-in-use</c>), a port is taken (<c>port-taken</c>), and so on.</exception>
    public static async Task<ShoalNode> StartAsync(NodeOptions options, CancellationToken ct = default)
    {
        ct.ThrowIfCancellationRequested();
        var store = OpenStore(options);
        try
        {
            if (options.Quota is { } quota) await store.SetQuotaAsync(quota > 0 ? quota : null, ct);
            if (options.Offline) return new ShoalNode(new NodeServices(options, store, null, null, null, null));

            var network = NodeNetwork.Start(options);
            var swarms = new SwarmTable(network);
            var serving = new StoreServing(store, swarms, options, options.Logging.CreateLogger("Shoal.Node"));
            var runs = new RunServing(store, swarms, options);
            var names = new NameAnnouncer(swarms, network, options.Level, options.Clock);
            network.Engine.Source = runs;
            serving.Start();
            runs.Start();
            names.Start();
            return new ShoalNode(new NodeServices(options, store, network, swarms, serving, runs), names);
        }
        catch
        {
            await store.DisposeAsync();
            throw;
        }
    }

    /// <summary>Stops serving, waits for what is under way, and lets the store go.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_names is not null) await _names.DisposeAsync();
        if (_services.Runs is { } runs) await runs.DisposeAsync();
        if (_services.Serving is { } serving) await serving.DisposeAsync();
        if (_services.Swarms is { } swarms) await swarms.DisposeAsync();
        if (_services.Network is { } network) await network.DisposeAsync();
        await _services.Store.DisposeAsync();
    }

    private static Store OpenStore(NodeOptions options)
    {
        try
        {
            return Store.Open(new StoreOptions { Path = options.StorePath }, new RealDisk(), options.Clock, options.Logging.CreateLogger("Shoal.Storage"));
        }
        catch (StoreException e)
        {
            throw new ShoalException(TorrentNames.Code(e.Code), e.Message, e);
        }
    }
}
