using System.Diagnostics.CodeAnalysis;
using System.Text;
using Shoal.Dht;
using Shoal.Dht.Items;
using Shoal.Node.Events;

namespace Shoal.Node.Commands;

/// <summary>Puts an item where it belongs in the DHT (BEP 44); one that another version stands in the way of is told of it.</summary>
internal sealed class DhtPutCommand(NodeServices services, Reporter reporter)
{
    public async Task<ExitCode> RunAsync(DhtPutRequest request, CancellationToken ct)
    {
        if (!TryRead(request, out var item)) throw new ShoalException("bad-item", "What is to be stored is not one bencoded value of at most 1000 bytes, or its signature does not hold.");

        using var session = new DhtSession(services, request.Bootstrap, request.Timeout, ct);
        try
        {
            await session.SettleAsync();
            if (item.IsMutable && !request.IsNext && await FindAsync(session, item) is { } there && StandsInTheWay(there, request, item)) return Refuse(request, item, there);

            var result = await session.Dht.PutItemAsync(item, request.Cas, session.Token);
            if (result.Nodes == 0) return result.Conflicts > 0 ? Refuse(request, item, await FindAsync(session, item)) : RefuseUntaken();

            reporter.Report(new StoredEvent(
                item.Target.ToString(), result.Nodes, result.Conflicts, item.IsMutable ? Convert.ToHexStringLower(item.PublicKey.Span) : null, item.IsMutable ? item.Sequence : null,
                item.Salt.IsEmpty ? null : Encoding.UTF8.GetString(item.Salt.Span), Math.Round(result.Elapsed.TotalSeconds, 3)));
            return ExitCode.Done;
        }
        catch (OperationCanceledException) when (session.IsTimeUp)
        {
            reporter.Report(session.Silence());
            return ExitCode.NobodyHasIt;
        }
    }

    private static bool TryRead(DhtPutRequest request, [NotNullWhen(true)] out DhtItem? item)
    {
        if (request.PublicKey is { } key) return DhtItem.TryCreate(key, request.Value, request.Sequence, request.Salt, request.Signature, out item);

        item = DhtItem.IsValue(request.Value) ? DhtItem.Create(request.Value) : null;
        return item is not null;
    }

    private static async Task<DhtItem?> FindAsync(DhtSession session, DhtItem item) => (await session.Dht.GetItemAsync(item.Target, item.Salt, session.Token)).Item;

    /// <summary>Asked before anything is sent: a node that knows nothing of it takes any version, even one that comes too late.</summary>
    private static bool StandsInTheWay(DhtItem there, DhtPutRequest request, DhtItem item)
    {
        if (request.Cas is { } cas && there.Sequence != cas) return true;
        return there.Sequence > item.Sequence || (there.Sequence == item.Sequence && !there.Value.Span.SequenceEqual(item.Value.Span));
    }

    private ExitCode RefuseUntaken()
    {
        reporter.Report(new ErrorEvent("not-stored", "Nodes of the DHT were reached, but none of them took it. Try again in a moment."));
        return ExitCode.Failed;
    }

    private ExitCode Refuse(DhtPutRequest request, DhtItem item, DhtItem? there)
    {
        reporter.Report(new ErrorEvent("conflict", (there?.Sequence, request.Cas) switch
        {
            ({ } number, { } cas) when number != cas =>
                $"Not stored: sequence number {number} is there, not {cas} as --cas says. Look at it with 'shoal dht get', then put again with --cas {number} and a --sequence above it.",
            ({ } number, _) =>
                $"Not stored: sequence number {number} is there, and {item.Sequence} does not come after it. Put again with a --sequence above {number}, or without --sequence to have the next one chosen.",
            _ => $"Not stored: the nodes hold another version than {item.Sequence}. Look at it with 'shoal dht get', then put again with a higher --sequence.",
        }));
        return ExitCode.Failed;
    }
}
