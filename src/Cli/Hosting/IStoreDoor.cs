using Shoal.Node.Commands;

namespace Shoal.Cli.Hosting;

/// <summary>The ways to a store: hold it, or ask whoever does.</summary>
internal interface IStoreDoor
{
    /// <summary>Null if another process holds it.</summary>
    Task<IHolder?> TryHoldAsync(CancellationToken ct);

    /// <exception cref="Http.Control.ControlException">Nobody answers.</exception>
    Task<IHolder> ConnectAsync(CancellationToken ct);
}

/// <summary>Whoever holds a store, this process or another. Disposing lets go of it.</summary>
internal interface IHolder : IAsyncDisposable
{
    IShoalCommands Commands { get; }

    /// <summary>False if it works on the store alone, for a short while.</summary>
    bool IsOnline { get; }

    /// <summary>What came up while getting hold of it; null for nothing.</summary>
    string? Warning { get; }
}
