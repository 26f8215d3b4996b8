using Shoal.Engine.Peers;

namespace Shoal.Engine.WebSeeds;

/// <summary>
/// The web servers that have a torrent's content, as sources of last resort: whether they are needed, and which of them to connect to. One that fails is tried again ever later; one that
/// has not what we want, or gave what is wrong, never again. BEP 19.
/// </summary>
internal sealed class WebSeedList(SwarmOptions options, ISwarmEffects effects)
{
    private const int MostKnown = 100;
    private const int MostAtOnce = 4;

    private readonly Dictionary<Uri, Seed> _seeds = [];
    private TimeSpan? _scarceSince;

    /// <summary>Whether they are to be asked, since peers give too little.</summary>
    public bool AreNeeded { get; private set; }

    public void Add(IEnumerable<Uri> urls)
    {
        foreach (var url in urls)
        {
            if (_seeds.Count < MostKnown) _seeds.TryAdd(url, new Seed());
        }
    }

    /// <param name="wants">Whether anything is missing.</param>
    /// <param name="peers">All connected ones, web seeds among them.</param>
    public void Tick(bool wants, IEnumerable<Peer> peers, TimeSpan now)
    {
        if (_seeds.Count == 0) return;

        AreNeeded = wants && AreScarce(peers, now);
        if (!AreNeeded) return;

        var busy = _seeds.Values.Count(s => s.IsBusy);
        foreach (var (url, seed) in _seeds)
        {
            if (busy >= MostAtOnce) return;
            if (seed.IsBusy || seed.IsOver || now < seed.NotBefore) continue;

            seed.IsBusy = true;
            busy++;
            effects.ConnectWebSeed(url);
        }
    }

    /// <param name="wasUseful">Whether anything came from it.</param>
    /// <param name="retryAfter">What the server asks for.</param>
    public void OnEnded(Uri url, WebSeedEnd end, bool wasUseful, TimeSpan retryAfter, TimeSpan now)
    {
        if (!_seeds.TryGetValue(url, out var seed)) return;

        seed.IsBusy = false;
        seed.IsOver |= end == WebSeedEnd.Never;
        if (end != WebSeedEnd.Later) return;

        seed.Failures = wasUseful ? 1 : Math.Min(seed.Failures + 1, 12);
        var wait = options.RetryAfter * Math.Pow(2, seed.Failures);
        if (wait < retryAfter) wait = retryAfter;
        seed.NotBefore = now + (wait < options.MaxRetryAfter ? wait : options.MaxRetryAfter);
    }

    /// <summary>It gave what is wrong.</summary>
    public void Ban(Uri url)
    {
        if (_seeds.TryGetValue(url, out var seed)) seed.IsOver = true;
    }

    /// <summary>Whether no peer gives, or few give little, and that for a while.</summary>
    private bool AreScarce(IEnumerable<Peer> peers, TimeSpan now)
    {
        var (givers, rate) = (0, 0.0);
        foreach (var peer in peers)
        {
            if (peer.WebSeed is not null || peer.IsChoking || !peer.AmInterested || peer.IsSnubbed) continue;

            givers++;
            rate += peer.Window.Rate.BytesPerSecond;
        }

        if (givers == 0 || (givers < options.WebSeedsBelowPeers && rate < options.WebSeedsBelowRate)) _scarceSince ??= now;
        else _scarceSince = null;
        return now - _scarceSince >= options.WebSeedsAfter;
    }

    private sealed class Seed
    {
        public bool IsBusy { get; set; }

        public bool IsOver { get; set; }

        public int Failures { get; set; }

        public TimeSpan NotBefore { get; set; }
    }
}
