using System.Globalization;

namespace Shoal.Discovery.Trackers.Udp;

/// <summary>
/// What is asked of one UDP tracker (BEP 15): gets a connection ID, which is good for a minute and for all questions, and sends again what is not answered, after 15 s, 30 s and
/// so on, twice as long each time. Gives a question up after its patience. Pure: owned by one loop and told the time; datagrams go to the delegate it is given.
/// </summary>
/// <param name="isV6">Whether the tracker is spoken with over IPv6.</param>
/// <param name="patience">How long a question may take in all.</param>
/// <param name="random">For transaction IDs: not to be foretold.</param>
/// <param name="send">Sends a datagram, or loses it.</param>
internal sealed class UdpTrackerSession(bool isV6, TimeSpan patience, Random random, UdpTrackerSession.Send send)
{
    /// <summary>How long a connection ID is good after it came.</summary>
    public static readonly TimeSpan ConnectionLife = TimeSpan.FromMinutes(1);

    /// <summary>Long enough for three tries.</summary>
    public static readonly TimeSpan DefaultPatience = TimeSpan.FromSeconds(105);

    private const int MostDoublings = 8;
    private static readonly TimeSpan FirstWait = TimeSpan.FromSeconds(15);

    private readonly List<UdpQuestion> _open = [];
    private readonly byte[] _outgoing = new byte[UdpTrackerWriter.MaxLength];
    private ulong _connection;
    private TimeSpan? _connectedUntil;
    private uint? _connecting;
    private TimeSpan _connectAgainAt;
    private int _connectTries;

    public delegate void Send(ReadOnlySpan<byte> datagram);

    public bool IsIdle => _open.Count == 0;

    public void Ask(UdpQuestion question, TimeSpan now)
    {
        question.Transaction = NewTransaction();
        (question.SendAt, question.GiveUpAt) = (now, now + patience);
        _open.Add(question);
        Tick(now);
    }

    /// <summary>Nobody waits for the answer any more.</summary>
    public void Forget(UdpQuestion question) => _open.Remove(question);

    /// <summary>Nothing more will come: every question ends.</summary>
    public void Fail(string reason)
    {
        var failed = _open.ToArray();
        _open.Clear();
        (_connecting, _connectedUntil) = (null, null);
        foreach (var question in failed) question.Fail(reason);
    }

    /// <param name="datagram">Anything, from the tracker's endpoint.</param>
    /// <param name="now">The time.</param>
    public void Handle(ReadOnlySpan<byte> datagram, TimeSpan now)
    {
        if (!UdpReplyReader.TryReadHead(datagram, out var action, out var transaction, out var payload)) return;

        if (transaction == _connecting)
        {
            HandleConnect(action, payload, now);
            return;
        }

        if (_open.Find(q => q.Transaction == transaction) is not { Tries: > 0 } question) return;

        if (action == UdpAction.Error)
        {
            _open.Remove(question);
            _connectedUntil = null; // it may be the connection ID that it does not like
            question.Fail(UdpReplyReader.ReadError(payload));
        }
        else if (action == question.Action && question.TryTake(payload, isV6))
        {
            _open.Remove(question);
        }
    }

    public void Tick(TimeSpan now)
    {
        GiveUp(now);
        if (_open.Count == 0) _connecting = null;
        else if (now < _connectedUntil) SendDue(now);
        else if (_connecting is null) Connect(now);
        else if (now >= _connectAgainAt) SendConnect(now);
    }

    private void HandleConnect(UdpAction action, ReadOnlySpan<byte> payload, TimeSpan now)
    {
        if (action == UdpAction.Error)
        {
            Fail(UdpReplyReader.ReadError(payload));
        }
        else if (action == UdpAction.Connect && UdpReplyReader.TryReadConnect(payload, out _connection))
        {
            (_connecting, _connectedUntil) = (null, now + ConnectionLife);
            SendDue(now);
        }
    }

    private void GiveUp(TimeSpan now)
    {
        for (var i = _open.Count - 1; i >= 0; i--)
        {
            if (now < _open[i].GiveUpAt) continue;

            var question = _open[i];
            _open.RemoveAt(i);
            question.Fail(string.Create(CultureInfo.InvariantCulture, $"it did not answer within {patience.TotalSeconds:0} s"));
        }
    }

    private void SendDue(TimeSpan now)
    {
        foreach (var question in _open)
        {
            if (now < question.SendAt) continue;

            question.SendAt = now + Wait(question.Tries++);
            send(_outgoing.AsSpan(0, question.Write(_outgoing, _connection)));
        }
    }

    /// <summary>Begins where the question has got to with its waiting: a tracker that went away is not asked faster for it.</summary>
    private void Connect(TimeSpan now)
    {
        var due = _open.FindAll(q => now >= q.SendAt);
        if (due.Count == 0) return;

        (_connecting, _connectTries) = (NewTransaction(), due.Max(q => q.Tries));
        SendConnect(now);
    }

    private void SendConnect(TimeSpan now)
    {
        _connectAgainAt = now + Wait(_connectTries++);
        send(_outgoing.AsSpan(0, UdpTrackerWriter.WriteConnect(_outgoing, _connecting!.Value)));
    }

    private uint NewTransaction() => (uint)random.NextInt64(1L << 32);

    private static TimeSpan Wait(int tries) => FirstWait * (1 << Math.Min(tries, MostDoublings));
}
