using Shoal.Core;
using Shoal.Dht.Lookups;
using Shoal.Dht.Routing;

namespace Shoal.Dht.Announcing;

/// <summary>
/// Which keys we announce, and which of them are due. Keys that lie alone get a lookup each (<see cref="AnnounceRound"/>), those that lie close together are announced
/// region by region (<see cref="RegionRound"/>). So many rounds run at a time and begin between two ticks: the others wait their turn,
/// so that many thousands leave the processor and the network to those who download them. After a round one of its keys is looked for as a stranger would.
/// </summary>
internal sealed class Announcer(LookupTable lookups, RoutingTable table, ExternalAddress external, Random random)
{
    public const int RegionNodes = 16;

    private const int MaxRounds = 32;
    private const int MaxRegions = 64;

    /// <summary>While nobody is known each round asks every seed, so only a few go ahead.</summary>
    private const int MaxRoundsAlone = 4;
    private const int MaxBegunPerTick = 100;
    private const int MaxKeysPerRegion = 4096;
    private const int MinKeysPerRegion = 4;
    private const int MaxChecks = 8;

    private static readonly TimeSpan Earliest = OwnAnnouncement.Interval / 16;

    private readonly Dictionary<Hash160, OwnAnnouncement> _announcements = [];
    private readonly SortedSet<Hash160> _keys = [];
    private readonly PriorityQueue<OwnAnnouncement, TimeSpan> _due = new();
    private readonly HashSet<OwnAnnouncement> _lacking = [];
    private readonly List<RegionRound> _regions = [];
    private readonly Dictionary<Hash160, RememberedAnnouncement> _remembered = [];
    private readonly double _shift = random.NextDouble();
    private int _rounds;
    private int _checks;
    private int _mayBegin = MaxBegunPerTick;

    public int Count => _announcements.Count;

    private bool HasRoom => _rounds < (table.Usable == 0 ? MaxRoundsAlone : MaxRounds);

    public AnnounceTotals Totals { get; } = new();

    /// <summary>When a round can begin next, or a region can go on.</summary>
    public TimeSpan NextDue(TimeSpan now)
    {
        if (_regions.Count > 0) return now + TimeSpan.FromMilliseconds(20);
        return HasRoom && _due.TryPeek(out _, out var at) ? at : TimeSpan.MaxValue;
    }

    /// <summary>What an earlier run announced, so long ago; counts for keys that are added with the same port.</summary>
    public void Remember(IEnumerable<RememberedAnnouncement> announced)
    {
        foreach (var one in announced) _remembered[one.Key] = one;
    }

    public IEnumerable<RememberedAnnouncement> Announced(TimeSpan now) =>
        _announcements.Values.Where(a => a.Nodes > 0).Select(a => new RememberedAnnouncement(a.Key, a.Port, now - a.LastAt));

    /// <param name="key">What to announce under.</param>
    /// <param name="port">Where we accept connections.</param>
    /// <param name="isSeed">Whether we have everything.</param>
    /// <param name="atOnce">Even if an earlier run announced it a while ago.</param>
    /// <param name="now">Now.</param>
    public void Add(Hash160 key, int port, bool isSeed, bool atOnce, TimeSpan now)
    {
        var isNew = !_announcements.TryGetValue(key, out var announcement);
        if (isNew)
        {
            _announcements.Add(key, announcement = new OwnAnnouncement(key, port, now));
            _keys.Add(key);
        }

        (announcement!.Port, announcement.IsSeed) = (port, isSeed);
        if (isNew && !atOnce && _remembered.Remove(key, out var remembered) && remembered.Port == port && remembered.Age < OwnAnnouncement.Interval)
            announcement.Restore(remembered.Age, _shift, now);
        else if (isNew || atOnce) announcement.DueAt = now;

        Enqueue(announcement);
    }

    public void Remove(Hash160 key)
    {
        if (!_announcements.Remove(key, out var announcement)) return;

        _keys.Remove(key);
        _lacking.Remove(announcement);
    }

    /// <summary>Where we accept connections for a key; 0 if it is none of ours.</summary>
    public int PortOf(Hash160 key) => _announcements.TryGetValue(key, out var announcement) ? announcement.Port : 0;

    public bool Holds(OwnAnnouncement announcement) => _announcements.TryGetValue(announcement.Key, out var held) && held == announcement;

    public int Draw(int count) => random.Next(count);

    public void Tick(Turn turn)
    {
        _mayBegin = MaxBegunPerTick;
        foreach (var region in _regions.ToArray()) region.Pump(turn);
        BeginDue(turn);
    }

    /// <summary>The table has gained a contact.</summary>
    public void Gained(Turn turn)
    {
        foreach (var announcement in _lacking)
            if (announcement.TryHasten()) Enqueue(announcement);
        BeginDue(turn);
    }

    /// <summary>Begins the rounds that are due, as many as may run.</summary>
    public void BeginDue(Turn turn)
    {
        while (HasRoom && _regions.Count < MaxRegions && _mayBegin > 0 && _due.TryPeek(out var announcement, out var at) && at <= turn.Now)
        {
            _due.Dequeue();
            if (announcement.IsRunning || announcement.DueAt != at || !Holds(announcement)) continue;

            _mayBegin--;
            var bits = lookups.Size.RegionBits(RegionNodes);
            var neighbours = lookups.Size.Nodes is null ? [] : DueBeside(announcement, bits, turn.Now);
            if (neighbours.Count >= MinKeysPerRegion) BeginRegion(neighbours, bits, turn);
            else BeginSingle(announcement, turn);
        }
    }

    public void Ended(OwnAnnouncement announcement, AnnounceResult result, Turn turn)
    {
        announcement.Ended(result.Nodes, table.Usable, _shift, turn.Now);
        Totals.Announced++;
        if (!Holds(announcement)) return;

        if (result.Nodes < RoutingTable.K) _lacking.Add(announcement);
        else _lacking.Remove(announcement);
        Enqueue(announcement);
        turn.Outbox.Events.Add(new Announced(announcement.Key, result));
    }

    public void RoundEnded(OwnAnnouncement announcement, Turn turn)
    {
        _rounds--;
        Check(announcement, turn);
        BeginDue(turn);
    }

    public void RegionEnded(RegionRound round, OwnAnnouncement any, Turn turn)
    {
        _regions.Remove(round);
        Check(any, turn);
        BeginDue(turn);
    }

    public void Checked(OwnAnnouncement announcement, CheckResult result, int queries, Turn turn)
    {
        _checks--;
        Totals.CheckQueries += queries;
        if (result.IsFound) Totals.Findable++;
        else Totals.NotFindable++;
        if (!Holds(announcement)) return;

        if (!result.IsFound && announcement.Missed()) Enqueue(announcement);
        turn.Outbox.Events.Add(new AnnouncementChecked(announcement.Key, result));
    }

    private void Enqueue(OwnAnnouncement announcement) => _due.Enqueue(announcement, announcement.DueAt);

    /// <summary>Those of the same region that are due, or would be before the sweep has left it.</summary>
    private List<OwnAnnouncement> DueBeside(OwnAnnouncement announcement, int bits, TimeSpan now)
    {
        var sweep = OwnAnnouncement.Interval / Math.Pow(2, bits);
        var until = now + (sweep < Earliest ? sweep : Earliest);
        var (lowest, highest) = announcement.Key.Region(bits);
        var due = new List<OwnAnnouncement> { announcement };
        foreach (var key in _keys.GetViewBetween(lowest, highest))
        {
            var beside = _announcements[key];
            if (beside != announcement && !beside.IsRunning && beside.DueAt <= until) due.Add(beside);
            if (due.Count >= MaxKeysPerRegion) break;
        }

        return due;
    }

    private void BeginRegion(List<OwnAnnouncement> announcements, int bits, Turn turn)
    {
        foreach (var announcement in announcements) announcement.IsRunning = true;
        var round = new RegionRound(this, announcements, bits, lookups);
        _regions.Add(round);
        Totals.Regions++;
        round.Begin(turn);
    }

    private void BeginSingle(OwnAnnouncement announcement, Turn turn)
    {
        announcement.IsRunning = true;
        _rounds++;
        new AnnounceRound(this, announcement, lookups).Begin(turn);
    }

    private void Check(OwnAnnouncement announcement, Turn turn)
    {
        if (_checks >= MaxChecks || announcement.Nodes == 0 || !Holds(announcement)) return;

        _checks++;
        new FindabilityCheck(this, announcement, external, lookups).Begin(turn);
    }
}
