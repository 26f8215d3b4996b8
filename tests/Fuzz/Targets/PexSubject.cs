using System.Buffers;
using System.Net;
using Shoal.Core;
using Shoal.Engine;
using Shoal.Engine.Peers;
using Shoal.Wire;
using Shoal.Wire.Extensions;

namespace Shoal.Fuzz.Targets;

/// <summary>A message of <c>ut_pex</c>, read, written again, and believed from a peer in a private network, and from one in public.</summary>
internal sealed class PexSubject : ISubject
{
    private static readonly NetEndPoint[] Tellers = [new(new IPAddress([10, 0, 0, 1]), 9000), new(new IPAddress([93, 184, 216, 34]), 9000)];

    private readonly ArrayBufferWriter<byte> _written = new();

    public ulong Run(ReadOnlySpan<byte> input)
    {
        var outcome = new Outcome();
        var limit = 16 * 1024 + 64L * PexMessage.MaxRead;
        var before = GC.GetAllocatedBytesForCurrentThread();
        var isRead = PexMessage.TryRead(input, out var message);
        Violation.UnlessAllocatedWithin(limit, before);

        outcome.Add(isRead);
        if (!isRead) return outcome.Hash;

        Violation.Unless(message.Added.Count <= PexMessage.MaxRead && message.Dropped.Count <= PexMessage.MaxRead, "reads more than it may");
        outcome.AddSize(message.Added.Count);
        outcome.AddSize(message.Dropped.Count);
        WriteAndRead(message);
        foreach (var teller in Tellers) Believe(teller, message, ref outcome);
        return outcome.Hash;
    }

    private void WriteAndRead(PexMessage message)
    {
        _written.ResetWrittenCount();
        message.Write(_written);
        Violation.Unless(PexMessage.TryRead(_written.WrittenSpan, out var again), "cannot read what it wrote");
        Violation.Unless(again.Added.ToHashSet().SetEquals(message.Added) && again.Dropped.ToHashSet().SetEquals(message.Dropped), "written it differs");
    }

    private static void Believe(NetEndPoint teller, PexMessage message, ref Outcome outcome)
    {
        var heard = new List<NetEndPoint>();
        var peer = new Peer(new PeerKey(1), teller, default, incoming: false, TimeSpan.Zero);
        var exchange = new PeerExchange(null!, [peer], heard.AddRange);

        Violation.Unless(exchange.OnMessage(peer, message, isPrivate: null, TimeSpan.Zero) == CloseReason.None && heard.Count == 0, "believes before it may");
        exchange.Tick(isPrivate: false, TimeSpan.Zero);

        Violation.Unless(heard.TrueForAll(e => e.Port != 0 && e.Scope >= teller.Scope), "believes what reaches less far", $"{teller}: {string.Join(' ', heard)}");
        Violation.Unless(heard.Distinct().Count() == heard.Count, "believes it twice");
        outcome.AddSize(heard.Count);
    }
}
