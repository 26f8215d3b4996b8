using Shoal.Node.Commands;
using Shoal.Node.Events;

namespace Shoal.Node;

/// <summary>A node: serves and fetches. The facade that the command line, the control socket and other programs call.</summary>
public sealed class ShoalNode : IAsyncDisposable
{
    private ShoalNode(NodeOptions options) => Options = options;

    public NodeOptions Options { get; }

    public ListeningEvent Listening { get; } = new(null, null, []);

    /// <summary>The verbs of the command line on this node.</summary>
    public IShoalCommands Commands => throw new NotSupportedException();

    /// <summary>Opens the store and binds the sockets.</summary>
    /// <exception cref="ShoalException">The store is held by another process (<c>store-in-use</c>), a port is taken (<c>port-taken</c>), and so on.</exception>
    public static Task<ShoalNode> StartAsync(NodeOptions options, CancellationToken ct = default) => Task.FromResult(new ShoalNode(options));

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
