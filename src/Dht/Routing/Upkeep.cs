using Shoal.Core;

namespace Shoal.Dht.Routing;

/// <summary>What the routing table needs to stay true: whom to ping, which range to refresh, when to look for our own neighbours again (BEP 5).</summary>
internal sealed class Upkeep(RoutingTable table, Random random, TimeSpan now)
{
    private const int PingsAtOnce = 24;
    private const int MaxMet = 1024;

    private static readonly TimeSpan Every = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan RefreshAfter = TimeSpan.FromMinutes(15); // BEP 5
    private static readonly TimeSpan SurveyEvery = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan MeetAgainAfter = TimeSpan.FromSeconds(30);

    /// <summary>Pauses between lookups of our own ID while a young network sorts itself out.</summary>
    private static readonly TimeSpan[] Pauses = [TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(10), TimeSpan.FromMinutes(1), RefreshAfter];

    private readonly Dictionary<NetEndPoint, TimeSpan> _met = [];
    private readonly Queue<int> _toFill = [];
    private int _selfLookups;
    private TimeSpan _selfLookupAt = TimeSpan.MaxValue;
    private TimeSpan _surveyAt = now + SurveyEvery;

    public TimeSpan NextAt { get; private set; } = now + Every;

    /// <summary>Whether somebody who asked us something is to be pinged, so as to enter the table if they answer. Not the same one again and again.</summary>
    public bool ShouldMeet(NodeId id, NetEndPoint endPoint, TimeSpan now)
    {
        if (table.Find(endPoint) is { } known && known.Id == id) return false;
        if (!table.WouldTake(id, endPoint, now)) return false;
        if (_met.TryGetValue(endPoint, out var last) && now - last < MeetAgainAfter) return false;

        if (_met.Count >= MaxMet)
        {
            foreach (var (old, at) in _met)
                if (now - at >= MeetAgainAfter) _met.Remove(old);
            if (_met.Count >= MaxMet) return false;
        }

        _met[endPoint] = now;
        return true;
    }

    public void SelfLookupEnded(bool answered, TimeSpan now)
    {
        if (!answered)
        {
            _selfLookupAt = now + RetryAfter;
            return;
        }

        if (_selfLookups == 0)
            for (var bits = table.Depth; bits >= 0; bits--) _toFill.Enqueue(bits);

        var pause = Pauses[Math.Min(_selfLookups++, Pauses.Length - 1)];
        _selfLookupAt = now + pause * (0.8 + 0.4 * random.NextDouble());
        if (_selfLookupAt < NextAt) NextAt = _selfLookupAt;
    }

    public bool TakeSelfLookup(TimeSpan now)
    {
        if (now < _selfLookupAt) return false;

        _selfLookupAt = TimeSpan.MaxValue;
        return true;
    }

    /// <summary>
    /// An ID in a range that has not been heard from for long, or that has not been filled since the start; and now and then one anywhere, so that the estimate of the
    /// network's size stays fresh.
    /// </summary>
    public bool TryTakeRefresh(TimeSpan now, out Hash160 target)
    {
        target = default;
        if (_toFill.TryDequeue(out var bits))
        {
            target = table.RandomSharing(bits, random);
            return true;
        }

        if (now >= _surveyAt && table.Usable > 0)
        {
            _surveyAt = now + SurveyEvery * (0.8 + 0.4 * random.NextDouble());
            target = Hash160.Random(random);
            return true;
        }

        var index = -1;
        for (var i = 0; index < 0 && table.Count > 0 && i < table.Buckets.Count; i++)
            if (now - table.Buckets[i].LastChanged >= RefreshAfter) index = i;
        if (index < 0) return false;

        table.Buckets[index].LastChanged = now;
        target = table.RandomIn(index, random);
        return true;
    }

    /// <summary>Contacts that are due to show that they live.</summary>
    public IEnumerable<Contact> TakeToPing(TimeSpan now)
    {
        if (now < NextAt) return [];

        NextAt = _selfLookupAt < now + Every ? _selfLookupAt : now + Every;
        var due = new List<Contact>();
        foreach (var contact in table.Contacts)
        {
            if (contact.State(now) == ContactState.Good && contact.Failures == 0) continue;
            if (now - contact.LastTried < RetryAfter * (1 << Math.Min(contact.Failures, 4))) continue;

            contact.LastTried = now;
            due.Add(contact);
            if (due.Count >= PingsAtOnce) break;
        }

        return due;
    }
}
