using System.Net.Sockets;
using Shoal.Core;
using Shoal.Dht;
using Shoal.Dht.Krpc;
using Shoal.Fuzz.Mutation;

namespace Shoal.Fuzz.Targets;

/// <summary>
/// Any bytes from anybody into the two nodes of one process, which keep their state from input to input: queries, answers to what they asked, and noise, while their
/// clock goes on and their owner looks up and announces. What must hold of it all is in <see cref="DhtWatch"/>.
/// </summary>
internal sealed class DatagramSubject : ISubject
{
    public const int HeadLength = Envelope.Length;

    private const int MaxAllocated = 1024 * 1024;
    private const int MaxFinds = 8;
    private const int MaxStoredKeys = 32;
    private const int MaxAnswers = 64;
    private const int MaxAnswersPerInput = 4;

    private static readonly NetEndPoint LocalV4 = Envelope.Parse("85.1.2.3:8468");
    private static readonly NetEndPoint LocalV6 = Envelope.Parse("[2a02:1::3]:8468");
    private static readonly TimeSpan TokensLast = TimeSpan.FromMinutes(4);
    private static readonly TimeSpan[] Steps = [TimeSpan.FromMilliseconds(5), TimeSpan.FromMilliseconds(20), TimeSpan.FromMilliseconds(300), TimeSpan.FromSeconds(1.7)];

    private readonly Outbox _outbox = new();
    private readonly HashSet<NetEndPoint> _heard = [];
    private readonly DhtWatch[] _watches;
    private readonly Queue<(DhtNode Node, int Lookup)> _finds = new();
    private readonly Queue<(byte[] Answer, NetEndPoint From)> _answers = new();
    private readonly HashSet<Hash160> _announced = [];
    private readonly Dictionary<NetEndPoint, (byte[] Token, TimeSpan At)> _tokens = [];
    private TimeSpan _now = TimeSpan.FromSeconds(1);

    public DatagramSubject()
    {
        var options = new DhtNodeOptions { MaxStoredKeys = MaxStoredKeys, MaxPeersPerKey = 150 };
        var v4 = new DhtNode(new NodeId(new Hash160("SSSSSSSSSSSSSSSSSSSS"u8)), AddressFamily.InterNetwork, options, new Random(1), _now);
        var v6 = new DhtNode(v4.Id, AddressFamily.InterNetworkV6, options, new Random(2), _now);
        v4.PairWith(v6);
        v6.PairWith(v4);
        _watches = [new DhtWatch(v4, options, _heard), new DhtWatch(v6, options, _heard)];
        foreach (var who in "03458:") AddSeed(new Envelope((byte)who, 0).Source);
        var unused = new Outcome();
        Look(ref unused);
        FillStore();
    }

    public IEnumerable<DhtNode> Nodes => _watches.Select(w => w.Node);

    public ulong Run(ReadOnlySpan<byte> input)
    {
        var envelope = Envelope.Of(input);
        var outcome = new Outcome();
        outcome.Add(envelope.How & 4);
        Deliver(envelope, input.Length < Envelope.Length ? [] : input[Envelope.Length..].ToArray(), ref outcome);
        Command(envelope);
        Look(ref outcome);
        AnswerHonestly();
        _now += Steps[envelope.Clock];
        foreach (var watch in envelope.Clock > 0 ? _watches : [])
        {
            watch.Node.Tick(_now, _outbox);
            _ = watch.Node.NextTick(_now);
            var unused = new Outcome();
            Look(ref unused);
        }

        return outcome.Hash;
    }

    /// <summary>One key with more peers than fit an answer, and a few keys less than the store holds.</summary>
    private void FillStore()
    {
        var announce = "d1:ad2:id20:abcdefghij01234567899:info_hash20:mnopqrstuvwxyz1234504:porti6881e5:token8:aoeusnthe1:q13:announce_peer1:t2:aa1:y1:qe"u8.ToArray();
        var unused = new Outcome();
        for (var who = Envelope.FirstOfMany; who <= byte.MaxValue; who++)
        {
            var from = new Envelope((byte)who, 0).Source;
            var tokened = Patch.StringIn(announce, "a", "token", TokenFor(from));
            Handle(tokened, from, ref unused);
            Handle(Edit.Replace(tokened, tokened.AsSpan().IndexOf("6881"u8), 4, "6882"u8), from, ref unused);
            if (who < Envelope.FirstOfMany + 2 * (MaxStoredKeys - 4)) Handle(Patch.StringIn(tokened, "a", "info_hash", Key(who)), from, ref unused);
        }
    }

    private void Deliver(Envelope envelope, byte[] datagram, ref Outcome outcome)
    {
        var from = envelope.Source;
        if (envelope.IsAnswer && WatchOf(envelope.IsForged ? from.IsV6 : envelope.Who % 3 == 0).TryPickAsked(envelope.Who, out var asked, out var transaction))
        {
            if (!envelope.IsForged) from = asked;
            datagram = Patch.String(datagram, "t", transaction);
        }

        if (envelope.HasOwnId)
        {
            var id = HonestWorld.IdOf(from, _watches[0].Node.Id);
            datagram = Patch.StringIn(datagram, "r", "id", id);
            datagram = Patch.StringIn(datagram, "a", "id", id);
        }

        if (envelope.HasToken && TokenFor(from) is { } token)
        {
            datagram = Patch.StringIn(datagram, "a", "token", token);
            if (envelope.IsOneOfMany) datagram = Patch.StringIn(datagram, "a", "info_hash", Key(envelope.Who));
        }

        Handle(datagram, from, ref outcome);
    }

    private void Handle(byte[] datagram, NetEndPoint from, ref Outcome outcome)
    {
        var watch = WatchOf(from.IsV6);
        watch.BeginHandling(datagram, from, ref outcome);
        var before = GC.GetAllocatedBytesForCurrentThread();
        watch.Node.Handle(datagram, from, from.IsV6 ? LocalV6 : LocalV4, _now, _outbox);
        Violation.UnlessAllocatedWithin(MaxAllocated, before);
        watch.EndHandling(_outbox, ref outcome);
        if (watch.LastToken is { } given) _tokens[from] = (given, _now);
        Look(ref outcome);
    }

    /// <summary>As somebody would who means to announce: given before, or asked for now.</summary>
    private byte[]? TokenFor(NetEndPoint from)
    {
        if (_tokens.TryGetValue(from, out var known) && _now - known.At < TokensLast) return known.Token;

        var unused = new Outcome();
        Handle([.. "d1:ad2:id20:abcdefghij01234567899:info_hash20:mnopqrstuvwxyz123456e1:q9:get_peers1:t2:tk1:y1:qe"u8], from, ref unused);
        return _tokens.TryGetValue(from, out known) ? known.Token : null;
    }

    /// <summary>Answers lead to more queries, which wait for the next input.</summary>
    private void AnswerHonestly()
    {
        for (var i = Math.Min(_answers.Count, MaxAnswersPerInput); i > 0; i--)
        {
            var (answer, from) = _answers.Dequeue();
            var unused = new Outcome();
            Handle(answer, from, ref unused);
        }
    }

    private void Command(Envelope envelope)
    {
        var watch = WatchOf(envelope.Who % 3 == 0);
        var key = new Hash160(Key(envelope.Who % 8));
        if (envelope.Finds)
        {
            _finds.Enqueue((watch.Node, watch.Node.Find(key, _now, _outbox)));
            if (_finds.Count <= MaxFinds) return;

            var (node, lookup) = _finds.Dequeue();
            node.Cancel(lookup);
        }
        else if (envelope.Announces)
        {
            var isNew = _announced.Add(key);
            if (!isNew) _announced.Remove(key);
            foreach (var each in _watches)
                if (isNew) each.Node.Announce(key, 9000 + envelope.Who, _now, _outbox);
                else each.Node.Withdraw(key);
        }
        else if (envelope.AddsSeed) AddSeed(envelope.Source);
    }

    private static byte[] Key(int which) => [.. "mnopqrstuvwxyz12345"u8, (byte)('0' + which)];

    private void AddSeed(NetEndPoint endPoint)
    {
        _heard.Add(endPoint);
        foreach (var watch in _watches) watch.Node.AddSeed(endPoint, configured: endPoint.Port % 2 == 0, _now, _outbox);
    }

    private void Look(ref Outcome outcome)
    {
        for (var i = 0; i < _outbox.Count; i++)
        {
            var to = _outbox.To(i);
            var watch = WatchOf(to.IsV6);
            watch.Sent(_outbox.Datagram(i), to, _now, out var message);
            if (message.Type == KrpcType.Query && _answers.Count < MaxAnswers && HonestWorld.Answer(message, to, watch.Node.Id) is { } answer) _answers.Enqueue((answer, to));
        }

        outcome.Add(Math.Min(_outbox.Count, 3));
        if (_outbox.Events.Count > 0) outcome.Add(_outbox.Events[^1] is PeerFound ? 1 : _outbox.Events[^1] is FindEnded ? 2 : 3);
        _outbox.Clear();
        foreach (var watch in _watches) watch.CheckBounds(ref outcome);
    }

    private DhtWatch WatchOf(bool v6) => _watches[v6 ? 1 : 0];
}
