using Shoal.Core;

namespace Shoal.Engine.Peers;

/// <summary>Endpoints heard of, and which of them to try next: those named by the user first, then those that failed least, then the oldest.</summary>
internal sealed class PeerList(SwarmOptions options, Random random)
{
    private const int MaxKnown = 2000;
    private const int MaxBanned = 10_000;
    private static readonly TimeSpan MaxRetryAfterNamed = TimeSpan.FromSeconds(30);

    private readonly Dictionary<NetEndPoint, Candidate> _known = [];
    private readonly HashSet<NetEndPoint> _banned = [];
    private readonly HashSet<PeerId> _bannedIds = [];

    public int Count => _known.Count;

    public void Add(NetEndPoint endPoint, bool named)
    {
        if (endPoint.Port == 0 || endPoint.Scope == NetworkScope.None) return;
        if (_known.TryGetValue(endPoint, out var candidate))
        {
            candidate.IsNamed |= named;
            return;
        }

        if (IsBanned(endPoint) || (_known.Count >= MaxKnown && !named && !TryDropWorst())) return;

        _known[endPoint] = new Candidate { IsNamed = named, Order = random.Next() };
    }

    /// <summary>Never again: not this endpoint, nor anybody at a global address, nor whoever bears that name.</summary>
    public void Ban(NetEndPoint endPoint, PeerId id)
    {
        if (_bannedIds.Count < MaxBanned) _bannedIds.Add(id);
        if (_banned.Count < MaxBanned) _banned.Add(AsBanned(endPoint));
        foreach (var key in _known.Keys)
        {
            if (AsBanned(key) == AsBanned(endPoint)) _known.Remove(key);
        }
    }

    /// <summary>Never to be connected to again: it is ourselves.</summary>
    public void Ban(NetEndPoint endPoint)
    {
        _known.Remove(endPoint);
        _banned.Add(endPoint);
    }

    public bool IsBanned(NetEndPoint endPoint, PeerId id) => _bannedIds.Contains(id) || IsBanned(endPoint);

    /// <summary>There is a connection already: the endpoint is not tried until it is let go.</summary>
    /// <returns>Whether it is known and was free.</returns>
    public bool Hold(NetEndPoint endPoint)
    {
        Add(endPoint, named: false);
        if (!_known.TryGetValue(endPoint, out var candidate) || candidate.State == CandidateState.Busy) return false;

        candidate.State = CandidateState.Busy;
        return true;
    }

    public bool TryTake(TimeSpan now, out NetEndPoint endPoint)
    {
        endPoint = default;
        Candidate? best = null;
        foreach (var (key, candidate) in _known)
        {
            if (candidate.State != CandidateState.Idle || candidate.NotBefore > now) continue;
            if (best is not null && Rank(candidate).CompareTo(Rank(best)) >= 0) continue;

            (best, endPoint) = (candidate, key);
        }

        if (best is null) return false;

        best.State = CandidateState.Busy;
        return true;
    }

    public void OnFailed(NetEndPoint endPoint, TimeSpan now) => Rest(endPoint, now, failed: true);

    /// <summary>The connection ended, after it had been of use or not.</summary>
    public void OnClosed(NetEndPoint endPoint, TimeSpan now, bool wasUseful) => Rest(endPoint, now, !wasUseful);

    /// <summary>Nothing to be had there: it is left alone for as long as can be.</summary>
    public void Shelve(NetEndPoint endPoint, TimeSpan now)
    {
        if (!_known.TryGetValue(endPoint, out var candidate)) return;

        candidate.State = CandidateState.Idle;
        candidate.NotBefore = now + options.MaxRetryAfter;
    }

    /// <summary>Those that were shelved may be tried at once.</summary>
    public void Reconsider(TimeSpan now)
    {
        foreach (var candidate in _known.Values)
        {
            if (candidate is { State: CandidateState.Idle, Failures: 0 } && candidate.NotBefore > now) candidate.NotBefore = now;
        }
    }

    private void Rest(NetEndPoint endPoint, TimeSpan now, bool failed)
    {
        if (!_known.TryGetValue(endPoint, out var candidate)) return;

        candidate.State = CandidateState.Idle;
        candidate.Failures = failed ? candidate.Failures + 1 : 0;
        var wait = options.RetryAfter * Math.Pow(2, Math.Min(candidate.Failures, 12));
        var most = candidate.IsNamed && MaxRetryAfterNamed < options.MaxRetryAfter ? MaxRetryAfterNamed : options.MaxRetryAfter;
        candidate.NotBefore = now + (wait < most ? wait : most);
    }

    /// <summary>Makes room by forgetting the one that failed most.</summary>
    private bool TryDropWorst()
    {
        NetEndPoint? worst = null;
        var failures = 0;
        foreach (var (endPoint, candidate) in _known)
        {
            if (candidate.State == CandidateState.Idle && !candidate.IsNamed && candidate.Failures > failures) (worst, failures) = (endPoint, candidate.Failures);
        }

        return worst is { } found && _known.Remove(found);
    }

    public bool IsBanned(NetEndPoint endPoint) => _banned.Contains(endPoint) || _banned.Contains(AsBanned(endPoint));

    /// <summary>A global address stands for all its ports; others count one by one.</summary>
    private static NetEndPoint AsBanned(NetEndPoint endPoint) => endPoint.Scope == NetworkScope.Global ? endPoint.WithPort(0) : endPoint;

    private static (bool, int, int) Rank(Candidate c) => (!c.IsNamed, c.Failures, c.Order);

    private enum CandidateState
    {
        Idle,
        Busy,
    }

    private sealed class Candidate
    {
        public CandidateState State { get; set; }

        public bool IsNamed { get; set; }

        public int Failures { get; set; }

        public int Order { get; init; }

        public TimeSpan NotBefore { get; set; }
    }
}
