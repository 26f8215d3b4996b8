using Shoal.Core;

namespace Shoal.Dht;

/// <summary>Which keys we announce, and which of them are due. A few rounds run at a time, the others wait their turn.</summary>
internal sealed class Announcer
{
    private const int MaxRounds = 32;

    private readonly Dictionary<Hash160, OwnAnnouncement> _announcements = [];
    private int _rounds;
    private TimeSpan _nextDue = TimeSpan.MaxValue;

    public int Count => _announcements.Count;

    public TimeSpan NextDue => _rounds < MaxRounds ? _nextDue : TimeSpan.MaxValue;

    public OwnAnnouncement Add(Hash160 key, int port, TimeSpan now)
    {
        if (_announcements.TryGetValue(key, out var known))
        {
            known.Port = port;
            known.DueAt = now;
        }
        else _announcements.Add(key, known = new OwnAnnouncement(key, port, now));

        _nextDue = now;
        return known;
    }

    public bool Remove(Hash160 key) => _announcements.Remove(key);

    public bool TryGetPort(Hash160 key, out int port)
    {
        port = _announcements.TryGetValue(key, out var announcement) ? announcement.Port : 0;
        return port != 0;
    }

    public bool Holds(OwnAnnouncement announcement) => _announcements.TryGetValue(announcement.Key, out var held) && held == announcement;

    /// <summary>The table has gained a contact.</summary>
    public void Gained()
    {
        foreach (var announcement in _announcements.Values)
        {
            announcement.Gained();
            if (announcement.Round is null && announcement.DueAt < _nextDue) _nextDue = announcement.DueAt;
        }
    }

    /// <summary>Begins the rounds that are due, as many as may run.</summary>
    public void TakeDue(TimeSpan now, List<AnnounceRound> begun)
    {
        if (now < _nextDue || _rounds >= MaxRounds) return;

        _nextDue = TimeSpan.MaxValue;
        foreach (var announcement in _announcements.Values)
        {
            if (announcement.Round is not null) continue;
            if (announcement.DueAt <= now && _rounds < MaxRounds)
            {
                _rounds++;
                announcement.Round = new AnnounceRound(announcement, now);
                begun.Add(announcement.Round);
            }
            else if (announcement.DueAt < _nextDue) _nextDue = announcement.DueAt;
        }
    }

    public void End(AnnounceRound round, int reachable, TimeSpan now, Random random)
    {
        _rounds--;
        round.Ended = true;
        round.Announcement.Ended(round.Accepted, reachable, now, random);
        if (Holds(round.Announcement) && round.Announcement.DueAt < _nextDue) _nextDue = round.Announcement.DueAt;
    }
}
