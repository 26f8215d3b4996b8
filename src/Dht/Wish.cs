namespace Shoal.Dht;

/// <summary>Something that somebody asked of all nodes of a service, and waits for. Owned by the service's loop; only its completion is shared.</summary>
internal abstract class Wish
{
    /// <summary>What is under way, by node.</summary>
    public List<(BoundNode Node, int Task)> Tasks { get; } = [];

    public abstract bool IsDone { get; }

    public virtual void Found(FoundPeer peer)
    {
    }

    public void Add(BoundNode node, int task)
    {
        node.Wishes.Add(task, this);
        Tasks.Add((node, task));
    }

    /// <summary>A node is done with it.</summary>
    public void Ended(BoundNode node, int task, DhtEvent told)
    {
        node.Wishes.Remove(task);
        Tasks.Remove((node, task));
        Take(told);
    }

    /// <summary>It is over when a node has got somewhere and no other is still at it, or it was given up. A node without any contact is not waited for.</summary>
    public void Settle(TimeSpan now)
    {
        if (!IsDone && Tasks.TrueForAll(t => t.Node.Node.IsStarved(t.Task))) Complete(now);
        if (!IsDone) return;

        foreach (var (node, task) in Tasks)
        {
            node.Node.Cancel(task);
            node.Wishes.Remove(task);
        }

        Tasks.Clear();
    }

    public abstract void Abandon();

    protected abstract void Take(DhtEvent told);

    /// <summary>Completes if there is something to complete with.</summary>
    protected abstract void Complete(TimeSpan now);
}

/// <typeparam name="TEvent">How a node's part ends.</typeparam>
/// <typeparam name="TResult">What it comes to.</typeparam>
/// <param name="merge">Of what the nodes said, at least one, the whole; null if that is nothing yet.</param>
/// <param name="onPeer">Called on the loop for each peer, where peers are sought.</param>
internal sealed class Wish<TEvent, TResult>(Func<IReadOnlyList<TEvent>, TResult?> merge, Action<FoundPeer>? onPeer = null) : Wish
    where TEvent : DhtEvent
    where TResult : class
{
    private readonly List<TEvent> _ended = [];

    public TaskCompletionSource<TResult> Completion { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public override bool IsDone => Completion.Task.IsCompleted;

    public override void Found(FoundPeer peer)
    {
        if (!IsDone) onPeer?.Invoke(peer);
    }

    public override void Abandon() => Completion.TrySetCanceled(CancellationToken.None);

    protected override void Take(DhtEvent told) => _ended.Add((TEvent)told);

    protected override void Complete(TimeSpan now)
    {
        if (_ended.Count > 0 && merge(_ended) is { } result) Completion.TrySetResult(result);
    }
}

/// <summary>Somebody waiting for the first round of an announcement, at every node.</summary>
internal sealed class AnnounceWait(IEnumerable<BoundNode> nodes, Action<CheckResult>? onChecked)
{
    private readonly HashSet<BoundNode> _nodes = [.. nodes];
    private AnnounceResult _result;

    public TaskCompletionSource<AnnounceResult> Completion { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>A node's round is over.</summary>
    public void Ended(BoundNode node, AnnounceResult result)
    {
        if (!_nodes.Remove(node)) return;

        var elapsed = result.Nodes > 0 && result.Elapsed > _result.Elapsed ? result.Elapsed : _result.Elapsed;
        _result = new AnnounceResult(_result.Nodes + result.Nodes, elapsed);
        if (_nodes.Count == 0) Completion.TrySetResult(_result);
    }

    /// <summary>Nobody waits for anything more.</summary>
    public bool IsDone => Completion.Task.IsCompleted && (onChecked is null || !Completion.Task.IsCompletedSuccessfully);

    /// <summary>It was looked for; told once.</summary>
    public bool Checked(CheckResult result)
    {
        if (!Completion.Task.IsCompletedSuccessfully) return Completion.Task.IsCompleted;

        onChecked?.Invoke(result);
        return true;
    }
}
