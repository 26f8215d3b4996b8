namespace Shoal.Engine.Peers;

/// <summary>
/// Who may ask us for blocks (BEP 3). While we download: those who give most, and none who owes us blocks and does not send them. Once we seed: turn by turn, so that
/// everybody gets some, or those who take most. What slots are left, and always one, are on trial, since nobody can show what he gives before he got something: by lot, and
/// newcomers are drawn three times as often. Who has everything asks for nothing and takes no slot.
/// </summary>
internal sealed class Choker(SwarmOptions options, Random random)
{
    private const int NewcomersChance = 3;

    private readonly UploadSlots _slots = new(options.UploadSlots, Math.Min(options.LeastUploadSlots, options.UploadSlots), options.MostUploadSlots);
    private readonly Dictionary<PeerKey, TimeSpan> _trials = []; // until when
    private TimeSpan _nextRound;

    /// <summary>Peers unchoked by merit, at most.</summary>
    public int Slots => _slots.Count;

    /// <summary>Whose choke state changes now.</summary>
    /// <param name="peers">All connected ones.</param>
    public IEnumerable<(Peer Peer, bool Choke)> Decide(IReadOnlyCollection<Peer> peers, bool isSeeding, TimeSpan now)
    {
        if (!options.Upload) return [];
        if (now < _nextRound) return FillFreeSlots(peers, now);

        _nextRound = now + options.ChokeInterval;
        var wanting = peers.Where(Wants).ToList();
        _slots.Next(peers.Sum(p => p.Balance.NextRound(p.Window.Rate.Total, p.Upload.Total)) / options.ChokeInterval.TotalSeconds, wanting.Count);
        var chosen = (isSeeding ? OrderForSeed(wanting, now) : wanting.Where(GivesUs).OrderByDescending(p => p.Balance.Given)).Take(_slots.Count).ToHashSet();
        ChooseTrials(wanting, chosen, now);
        return [.. peers.Where(p => p.AmChoking == chosen.Contains(p)).Select(p => (p, !p.AmChoking))];
    }

    private static bool Wants(Peer peer) => peer.IsInterested && !peer.IsSeed;

    private static bool GivesUs(Peer peer) => !peer.IsSnubbed && peer.Balance.Given > 0;

    private IEnumerable<(Peer, bool)> FillFreeSlots(IReadOnlyCollection<Peer> peers, TimeSpan now)
    {
        var room = _slots.Count + 1 - peers.Count(p => !p.AmChoking && Wants(p));
        if (room <= 0) return [];

        var next = peers.Where(p => p.AmChoking && Wants(p)).OrderByDescending(p => GivesUs(p) ? p.Balance.Given : 0).ThenBy(p => p.ConnectedAt).Take(room).ToList();
        foreach (var peer in next) _trials[peer.Key] = now + options.OptimisticInterval;
        return [.. next.Select(p => (p, false))];
    }

    private void ChooseTrials(List<Peer> wanting, HashSet<Peer> chosen, TimeSpan now)
    {
        var rest = wanting.Where(p => !chosen.Contains(p)).ToList();
        var room = Math.Min(rest.Count, _slots.Count + 1 - chosen.Count);
        foreach (var peer in rest.Where(p => !p.AmChoking && _trials.TryGetValue(p.Key, out var until) && now < until).Take(room).ToList())
        {
            chosen.Add(peer);
            rest.Remove(peer);
            room--;
        }

        for (; room > 0; room--)
        {
            var peer = Draw(rest, now);
            chosen.Add(peer);
            rest.Remove(peer);
            _trials[peer.Key] = now + options.OptimisticInterval;
        }

        foreach (var gone in _trials.Keys.Except(chosen.Select(p => p.Key)).ToList()) _trials.Remove(gone);
    }

    private Peer Draw(List<Peer> among, TimeSpan now)
    {
        var lot = random.Next(among.Sum(p => Chances(p, now)));
        foreach (var peer in among)
        {
            lot -= Chances(peer, now);
            if (lot < 0) return peer;
        }

        return among[^1];
    }

    private int Chances(Peer peer, TimeSpan now) => now - peer.ConnectedAt < options.OptimisticInterval * 2 ? NewcomersChance : 1;

    private IEnumerable<Peer> OrderForSeed(List<Peer> wanting, TimeSpan now) => options.SeedsToTheFastest
        ? wanting.OrderByDescending(p => p.Balance.Taken).ThenBy(p => p.UnchokedAt)
        : wanting.OrderBy(p => Turn(p, now)).ThenByDescending(p => p.Upload.BytesPerSecond);

    /// <summary>Those in a slot stay for three rounds, then those who wait go first.</summary>
    private TimeSpan Turn(Peer peer, TimeSpan now) =>
        !peer.AmChoking && now - peer.UnchokedAt < options.ChokeInterval * 3 ? TimeSpan.Zero : peer.UnchokedAt;
}
