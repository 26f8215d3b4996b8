using Shoal.Dht;
using Shoal.Node.Events;
using Shoal.Node.Network;

namespace Shoal.Node.Commands;

/// <summary>The DHT for one command: told of whom the command names, waited for while it is new, and asked until the command's time is up.</summary>
internal sealed class DhtSession : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);

    private readonly NodeServices _services;
    private readonly double _seconds;
    private readonly CancellationToken _ct;
    private readonly CancellationTokenSource _timeout;
    private readonly CancellationTokenSource _either;
    private readonly long _newAt;

    public DhtSession(NodeServices services, IReadOnlyList<string> bootstrap, double seconds, CancellationToken ct)
    {
        Network = services.Network ?? throw new ShoalException("offline", "Whoever holds this store works without a network just now. Try again in a moment.");
        (_services, _seconds, _ct) = (services, seconds, ct);
        _timeout = new CancellationTokenSource(TimeSpan.FromSeconds(seconds), Clock);
        _either = CancellationTokenSource.CreateLinkedTokenSource(ct, _timeout.Token);
        _newAt = bootstrap.Count > 0 ? Clock.GetTimestamp() : Network.StartedAt;
        Network.AddBootstrap(bootstrap);
    }

    public NodeNetwork Network { get; }

    public DhtService Dht => Network.Dht;

    public TimeProvider Clock => _services.Options.Clock;

    /// <summary>Ends with the command's time, or when it is cancelled.</summary>
    public CancellationToken Token => _either.Token;

    /// <summary>Whether the command's time is what is up.</summary>
    public bool IsTimeUp => _timeout.IsCancellationRequested && !_ct.IsCancellationRequested;

    private bool IsKnowing => Dht.Snapshot is { Good: > 0 } or { Questionable: > 0 };

    private bool IsSettled
    {
        get
        {
            var nodes = Dht.Snapshot.Nodes;
            return nodes.Any(n => n.NetworkSize is not null) && nodes.All(n => n.NetworkSize is not null || n.Contacts.Count == 0);
        }
    }

    /// <summary>Waits until it knows who is around it, if it was begun or told of somebody a moment ago; a few seconds at most.</summary>
    public async Task SettleAsync()
    {
        while (!IsSettled && Clock.GetElapsedTime(_newAt) < Patience) await Task.Delay(Look, Clock, Token);
    }

    /// <summary>Why there is no answer.</summary>
    public ErrorEvent Silence() => IsKnowing
        ? new ErrorEvent("no-answer", $"No node of the DHT answered within {_seconds:0.##} s. Try again, or name one that runs: --bootstrap HOST:PORT.")
        : new ErrorEvent("no-contact", $"No node of the DHT was reached within {_seconds:0.##} s. Name one that runs: --bootstrap HOST:PORT.");

    public void Dispose()
    {
        _either.Dispose();
        _timeout.Dispose();
    }
}
