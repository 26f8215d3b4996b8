namespace Shoal.Engine.Peers;

/// <summary>
/// Who may ask us for blocks (BEP 3): while we download, those who give most; once we seed, turn by turn, so that everybody gets some; and one on trial,
/// since nobody can show what he gives before he got something.
/// </summary>
internal sealed class Choker(SwarmOptions options, Random random)
{
    private TimeSpan _nextRound;
    private TimeSpan _nextTrial;
    private PeerKey? _trial;

    /// <summary>Whose choke state changes now.</summary>
    /// <param name="peers">All connected ones.</param>
    public IEnumerable<(Peer Peer, bool Choke)> Decide(IReadOnlyCollection<Peer> peers, bool isSeeding, TimeSpan now)
    {
        if (!options.Upload) return [];
        if (now < _nextRound) return FillFreeSlots(peers, now);

        _nextRound = now + options.ChokeInterval;
        var wanting = peers.Where(p => p.IsInterested).ToList();
        var chosen = (isSeeding
            ? wanting.OrderBy(p => Turn(p, now)).ThenByDescending(p => p.Upload.BytesPerSecond)
            : wanting.OrderBy(p => p.IsSnubbed).ThenByDescending(p => p.Window.Rate.BytesPerSecond))
            .Take(options.UploadSlots).ToHashSet();
        ChooseTrial(wanting, chosen, now);
        return [.. peers.Where(p => p.AmChoking == chosen.Contains(p)).Select(p => (p, !p.AmChoking))];
    }

    private IEnumerable<(Peer, bool)> FillFreeSlots(IReadOnlyCollection<Peer> peers, TimeSpan now)
    {
        var taken = peers.Count(p => !p.AmChoking && p.IsInterested);
        if (taken > options.UploadSlots) return [];

        return [.. peers.Where(p => p.AmChoking && p.IsInterested).OrderBy(p => p.ConnectedAt).Take(options.UploadSlots + 1 - taken).Select(p => (p, false))];
    }

    private void ChooseTrial(List<Peer> wanting, HashSet<Peer> chosen, TimeSpan now)
    {
        var rest = wanting.Where(p => !chosen.Contains(p)).ToList();
        if (rest.Count == 0) return;

        var current = rest.Find(p => p.Key == _trial);
        if (current is null || now >= _nextTrial)
        {
            _nextTrial = now + options.OptimisticInterval;
            current = rest[random.Next(rest.Count)];
            _trial = current.Key;
        }

        chosen.Add(current);
    }

    /// <summary>When seeding: those in a slot stay for three rounds, then those who wait go first.</summary>
    private TimeSpan Turn(Peer peer, TimeSpan now) =>
        !peer.AmChoking && now - peer.UnchokedAt < options.ChokeInterval * 3 ? TimeSpan.Zero : peer.UnchokedAt;
}
