using Shoal.Core;
using Shoal.Dht;
using Shoal.Node.Events;
using Shoal.Node.Network;

namespace Shoal.Node.Commands;

/// <summary>Asks one node whether it is there, again each second while it does not answer.</summary>
internal sealed class DhtPingCommand(NodeServices services, Reporter reporter)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    public async Task<ExitCode> RunAsync(DhtPingRequest request, CancellationToken ct)
    {
        using var session = new DhtSession(services, [], request.Timeout, ct);
        try
        {
            var endPoints = await HostPort.ResolveAsync(request.Address, session.Token);
            if (endPoints.Count == 0) return Refuse("unknown-host", $"No address is known of {request.Address}. Check the name, and that it ends in a port.");
            if (endPoints.Any(e => session.Dht.LocalEndPoints.Any(own => IsOwn(own, e))))
                return Refuse("own-address", $"{request.Address} is where this store's own node listens, which cannot ask itself. 'shoal dht' shows it.", ExitCode.Failed);
            if (endPoints.All(e => session.Dht.LocalEndPoints.All(own => own.Family != e.Family)))
                return Refuse("no-address", $"The node has no address from which {request.Address} can be reached. Start it with one more --listen, such as ::1 or ::.");

            var (endPoint, answer) = await AskAsync(session, endPoints);
            reporter.Report(new PongEvent(
                endPoint.ToString(), answer.Id.ToString(), Math.Round(answer.Elapsed.TotalMilliseconds, 1), answer.Version.Length > 0 ? answer.Version : null,
                answer.ExternalAddress?.ToString()));
            return ExitCode.Done;
        }
        catch (OperationCanceledException) when (session.IsTimeUp)
        {
            return Refuse("no-answer", $"Nobody answered at {request.Address} within {request.Timeout:0.##} s. Is that the UDP port of a node's DHT, and does the node run?");
        }
    }

    private static bool IsOwn(NetEndPoint own, NetEndPoint asked) =>
        own == asked || (own.Port == asked.Port && own.Family == asked.Family && own.Scope == NetworkScope.None
            && (asked.Scope == NetworkScope.Loopback || LocalAddresses.Reachable([own.Address]).Contains(asked.Address)));

    private ExitCode Refuse(string code, string message, ExitCode exit = ExitCode.NobodyHasIt)
    {
        reporter.Report(new ErrorEvent(code, message));
        return exit;
    }

    private static async Task<(NetEndPoint EndPoint, PingResult Answer)> AskAsync(DhtSession session, IReadOnlyList<NetEndPoint> endPoints)
    {
        var asked = new List<Task<(NetEndPoint, PingResult?)>>();
        while (true)
        {
            asked.AddRange(endPoints.Select(e => AskAsync(session, e)));
            var pause = Task.Delay(Pause, session.Clock, session.Token);
            while (!pause.IsCompleted && asked.Count > 0)
            {
                await Task.WhenAny([.. asked, pause]);
                foreach (var ended in asked.Where(a => a.IsCompleted).ToList())
                {
                    asked.Remove(ended);
                    if (await ended is (var endPoint, { } answer)) return (endPoint, answer);
                }
            }

            await pause;
        }
    }

    private static async Task<(NetEndPoint EndPoint, PingResult? Answer)> AskAsync(DhtSession session, NetEndPoint endPoint) =>
        (endPoint, await session.Dht.PingAsync(endPoint, session.Token));
}
