using System.Net.Sockets;
using Shoal.Http.Control;
using Shoal.Node;
using Shoal.Node.Commands;

namespace Shoal.Cli.Hosting;

/// <summary>The real door: a <see cref="ShoalNode"/> in this process with its control socket, or the control socket of another.</summary>
/// <param name="settled">Options given that only the holder's own start decides; named in a warning when somebody else holds the store.</param>
internal sealed class NodeDoor(NodeOptions options, IReadOnlyList<string> settled) : IStoreDoor
{
    public async Task<IHolder?> TryHoldAsync(CancellationToken ct)
    {
        ShoalNode node;
        try
        {
            node = await ShoalNode.StartAsync(options, ct);
        }
        catch (ShoalException e) when (e.Code == "store-in-use")
        {
            return null;
        }

        var scope = new ControlScope(Fetches: !options.Offline, Serves: !options.Offline && options.Upload);
        try
        {
            return new Own(node, await ControlServer.StartAsync(node.Commands, scope, ControlSocket.Prepare(options.StorePath), ct), null);
        }
        catch (Exception e) when (e is IOException or SocketException or UnauthorizedAccessException or ShoalException)
        {
            return new Own(node, null, $"Other commands cannot use this store while this one runs: {e.Message}");
        }
        catch
        {
            await node.DisposeAsync();
            throw;
        }
    }

    public async Task<IHolder> ConnectAsync(CancellationToken ct)
    {
        var client = await ControlClient.ConnectAsync(ControlSocket.Candidates(options.StorePath), ct);
        if (client.IsOnline && settled.Contains("--no-upload"))
        {
            client.Dispose();
            throw new ShoalException("held", "Another shoal holds this store and uploads, so --no-upload cannot be kept. Stop the other one or use another --store.");
        }

        var warning = settled.Count == 0 || !client.IsOnline
            ? null
            : $"Another shoal holds this store and does the work, as it was started: no effect here: {string.Join(", ", settled)}. To have it, stop the other one or use another --store.";
        return new Other(client, warning);
    }

    private sealed class Own(ShoalNode node, ControlServer? server, string? warning) : IHolder
    {
        public IShoalCommands Commands => node.Commands;

        public bool IsOnline => !node.Options.Offline;

        public string? Warning => warning;

        public async ValueTask DisposeAsync()
        {
            // the socket goes before the store, so that whoever holds the store next finds its place free
            if (server is not null) await server.DisposeAsync();
            await node.DisposeAsync();
        }
    }

    private sealed class Other(ControlClient client, string? warning) : IHolder
    {
        public IShoalCommands Commands => client;

        public bool IsOnline => client.IsOnline;

        public string? Warning => warning;

        public ValueTask DisposeAsync()
        {
            client.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
