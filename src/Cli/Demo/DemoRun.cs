using Shoal.Cli.Output;
using Shoal.Node;
using Shoal.Node.Commands;
using Shoal.Node.Events;

namespace Shoal.Cli.Demo;

/// <summary>
/// The demo: three nodes that hold some files, a fourth that knows a name and one address, the loss of that very node on the way, and the same fetch from
/// one source and from three. Everything is real: sockets on loopback, stores in a temporary folder that goes when it ends.
/// </summary>
internal sealed class DemoRun(DemoContent content, string temp, Action<DemoEvent> show, TimeProvider clock)
{
    private const double SecondsFromOne = 13; // so that the whole takes about half a minute
    private const double LossAt = 0.35;
    private static readonly string[] Letters = ["A", "B", "C"];

    private readonly List<DemoNode> _nodes = [];
    private readonly long _limit = Rounded(content.Length / SecondsFromOne);

    public async Task<ExitCode> RunAsync(CancellationToken ct)
    {
        try
        {
            var id = await GatherAsync(ct);
            if (await FetchAsync(id, ct) is var code and not ExitCode.Done) return code;

            await LeaveAsync();
            show(new DemoEvent("one", Message: $"Now to compare: the same fetch, each source held to {Words.Rate(_limit)}."));
            var one = await MeasureAsync("one", id, 1, ct);
            var three = await MeasureAsync("three", id, 3, ct);
            show(new DemoEvent("result", Result: new DemoResult(content.Length, _limit, one, three)));
            return ExitCode.Done;
        }
        finally
        {
            await LeaveAsync();
        }
    }

    private async Task<string> GatherAsync(CancellationToken ct)
    {
        var where = content.IsSample ? "a sample of it" : "in place";
        show(new DemoEvent("swarm", Message: $"Three nodes share {Safe.Text(content.Name)}, {Words.Size(content.Length)}, {where}:"));
        SharedEvent? shared = null;
        for (var i = 0; i < 3; i++) shared = await JoinAsync("swarm", i, ct);
        return shared!.Infohash!; // of v2, since the demo makes it
    }

    private async Task<SharedEvent> JoinAsync(string step, int place, CancellationToken ct)
    {
        var node = await DemoNode.StartAsync(place, Path.Combine(temp, "store" + Letters[place]), _nodes.FirstOrDefault()?.Dht, _limit, false, ct);
        _nodes.Add(node);
        var shared = await node.ShareAsync(content, e => show(new DemoEvent(step, node.Address, Inside: e)), clock, ct);
        if (step == "swarm") show(new DemoEvent(step, node.Address, $"Node {Letters[place]} at {node.Address} has it, and says so in the DHT."));
        return shared;
    }

    private async Task<ExitCode> FetchAsync(string id, CancellationToken ct)
    {
        await using var fourth = await DemoNode.StartAsync(3, Path.Combine(temp, "storeD"), _nodes[0].Dht, 0, true, ct);
        show(new DemoEvent("fetch", fourth.Address, $"A fourth knows a name, {id[..12]}…, and one address, {_nodes[0].Dht}:"));
        var loss = Task.CompletedTask;
        var code = await fourth.Commands.GetAsync(
            new GetRequest(id, Path.Combine(temp, "fetched")) { Pieces = true, Timeout = 30 },
            e =>
            {
                show(new DemoEvent("fetch", fourth.Address, Inside: e));
                if (loss.IsCompleted && _nodes.Count == 3 && IsTimeToLose(e, _nodes[0].Address)) loss = LoseFirstAsync();
            },
            ct);
        await loss;
        if (code != ExitCode.Done) return code;

        code = await fourth.Commands.VerifyAsync(new VerifyRequest(null), e => show(new DemoEvent("verify", fourth.Address, Inside: e)), ct);
        return code;
    }

    private static bool IsTimeToLose(ShoalEvent e, string first) =>
        e is ProgressEvent { Length: > 0, Sources: { } sources } progress && progress.Bytes > progress.Length * LossAt && sources.Any(s => s.Bytes > 0 && s.Address != first);

    private async Task LoseFirstAsync()
    {
        var first = _nodes[0];
        _nodes.RemoveAt(0);
        show(new DemoEvent("loss", first.Address, "Node A, the only one it was told of, is switched off. It goes on."));
        await Task.Yield(); // the reporter waits for nobody
        await first.DisposeAsync();
    }

    private async Task<double> MeasureAsync(string step, string id, int sources, CancellationToken ct)
    {
        while (_nodes.Count < sources) await JoinAsync(step, _nodes.Count, ct);

        await using var reader = await DemoNode.StartAsync(3, Path.Combine(temp, "store-" + step), _nodes[0].Dht, 0, true, ct);
        var seconds = 0.0;
        string? problem = null;
        var target = Path.Combine(temp, "fetched-" + step);
        var code = await reader.Commands.GetAsync(
            new GetRequest(id, target) { Timeout = 30 },
            e =>
            {
                if (e is DoneEvent done) seconds = done.TransferSeconds;
                if (e is ErrorEvent error) problem = error.Message;
                show(new DemoEvent(step, reader.Address, Inside: e));
            },
            ct);
        ct.ThrowIfCancellationRequested();
        if (code != ExitCode.Done) throw new ShoalException("demo", problem ?? "A fetch of the demo failed.");
        return seconds;
    }

    private async Task LeaveAsync()
    {
        foreach (var node in _nodes) await node.DisposeAsync();
        _nodes.Clear();
    }

    /// <summary>To two digits, since people read it.</summary>
    private static long Rounded(double value)
    {
        var unit = Math.Pow(10, Math.Floor(Math.Log10(value)) - 1);
        return (long)(Math.Round(value / unit) * unit);
    }
}
