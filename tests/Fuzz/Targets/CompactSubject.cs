using System.Text;
using Shoal.Core;
using Shoal.Dht.Krpc;

namespace Shoal.Fuzz.Targets;

/// <summary>Endpoints in compact form, as text, and in lists; the first byte says which.</summary>
internal sealed class CompactSubject : ISubject
{
    public ulong Run(ReadOnlySpan<byte> input)
    {
        var outcome = new Outcome();
        if (input.IsEmpty) return outcome.Hash;

        const int MaxAllocated = 8 * 1024;
        var payload = input[1..];
        var before = GC.GetAllocatedBytesForCurrentThread();
        switch (input[0] % 5)
        {
            case 0:
                if (NetEndPoint.TryReadCompact(payload, out var one)) outcome.Add((long)Check(one).Hash);
                break;
            case 1:
                var peers = new CompactPeers(payload);
                var count = 0;
                for (; peers.TryNext(out var peer); count++) Check(peer);
                outcome.AddSize(count);
                break;
            case 2:
                Walk(new CompactNodes(payload, NetEndPoint.CompactLengthV4), ref outcome);
                break;
            case 3:
                Walk(new CompactNodes(payload, NetEndPoint.CompactLengthV6), ref outcome);
                break;
            default:
                if (NetEndPoint.TryParse(Encoding.UTF8.GetString(payload), out var parsed)) outcome.Add((long)Check(parsed).Hash);
                break;
        }

        Violation.UnlessAllocatedWithin(MaxAllocated + 512L * input.Length, before);
        return outcome.Hash;
    }

    private static void Walk(CompactNodes nodes, ref Outcome outcome)
    {
        var (last, count) = (new Outcome(), 0);
        for (; nodes.TryNext(out _, out var endPoint); count++) last = Check(endPoint);
        outcome.Add((long)last.Hash);
        outcome.AddSize(count);
    }

    private static Outcome Check(NetEndPoint endPoint)
    {
        var outcome = new Outcome();
        Span<byte> compact = stackalloc byte[NetEndPoint.CompactLengthV6];
        endPoint.WriteCompact(compact);
        Violation.Unless(NetEndPoint.TryReadCompact(compact[..endPoint.CompactLength], out var again) && again == endPoint, "compact it differs", $"{endPoint}");
        Violation.Unless(NetEndPoint.From(endPoint.ToIPEndPoint()) == endPoint, "another endpoint to the platform", $"{endPoint}");
        Violation.Unless(NetEndPoint.TryParse(endPoint.ToString(), out var parsed) && parsed == endPoint, "as text it differs", $"{endPoint} {parsed}");
        Violation.Unless(endPoint.Range.Range == endPoint.Range, "a range that is not its own", $"{endPoint}");
        outcome.Add((int)endPoint.Scope);
        outcome.Add((int)endPoint.Family);
        outcome.Add(endPoint.IsUsableFrom(NetworkScope.Private));
        return outcome;
    }
}
