using Shoal.Core;

namespace Shoal.Dht.Announcing;

/// <summary>
/// Which keys we announce, and which of them are due. A few rounds run at a time, and so many may begin between two ticks: the others wait their turn,
/// so that a folder of thousands of files leaves the processor and the network to those who download it.
/// </summary>
internal sealed class Announcer
{
    private const int MaxRounds = 32;
    private const int MaxBegunPerTick = 100;

    private readonly Dictionary<Hash160, OwnAnnouncement> _announcements = [];
    private readonly PriorityQueue<OwnAnnouncement, TimeSpan> _due = new();
    private int _rounds;
    private int _mayBegin = MaxBegunPerTick;

    public int Count => _announcements.Count;

    /// <summary>When a round can begin next.</summary>
    public TimeSpan NextDue => _rounds < MaxRounds && _due.TryPeek(out _, out var at) ? at : TimeSpan.MaxValue;

    public void Add(Hash160 key, int port, TimeSpan now)
    {
        if (_announcements.TryGetValue(key, out var known))
        {
            known.Port = port;
            known.DueAt = now;
        }
        else _announcements.Add(key, known = new OwnAnnouncement(key, port, now));

        _due.Enqueue(known, now);
    }

    public void Remove(Hash160 key) => _announcements.Remove(key);

    public bool TryGetPort(Hash160 key, out int port)
    {
        port = _announcements.TryGetValue(key, out var announcement) ? announcement.Port : 0;
        return port != 0;
    }

    public bool Holds(OwnAnnouncement announcement) => _announcements.TryGetValue(announcement.Key, out var held) && held == announcement;

    public void Tick() => _mayBegin = MaxBegunPerTick;

    /// <summary>The table has gained a contact.</summary>
    public void Gained()
    {
        foreach (var announcement in _announcements.Values)
            if (announcement.TryHasten()) _due.Enqueue(announcement, announcement.DueAt);
    }

    /// <summary>Begins the rounds that are due, as many as may run.</summary>
    public void TakeDue(TimeSpan now, List<AnnounceRound> begun)
    {
        while (_rounds < MaxRounds && _mayBegin > 0 && _due.TryPeek(out var announcement, out var at) && at <= now)
        {
            _due.Dequeue();
            if (announcement.Round is not null || announcement.DueAt != at || !Holds(announcement)) continue;

            _rounds++;
            _mayBegin--;
            announcement.Round = new AnnounceRound(announcement, now);
            begun.Add(announcement.Round);
        }
    }

    public void End(AnnounceRound round, int reachable, TimeSpan now, Random random)
    {
        _rounds--;
        round.Announcement.Ended(round.Accepted, reachable, now, random);
        round.Ended = true;
        if (Holds(round.Announcement)) _due.Enqueue(round.Announcement, round.Announcement.DueAt);
    }
}
