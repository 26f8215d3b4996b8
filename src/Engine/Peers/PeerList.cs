using Shoal.Core;

namespace Shoal.Engine.Peers;

/// <summary>Endpoints heard of, and which of them to try next: those named by the user first, then those that failed least, then the oldest.</summary>
internal sealed class PeerList(SwarmOptions options, Random random)
{
    private const int MaxKnown = 2000;

    private readonly Dictionary<NetEndPoint, Candidate> _known = [];

    public int Count => _known.Count;

    public void Add(NetEndPoint endPoint, bool named)
    {
        if (endPoint.Port == 0 || endPoint.Scope == NetworkScope.None) return;
        if (_known.TryGetValue(endPoint, out var candidate))
        {
            candidate.IsNamed |= named;
            return;
        }

        if (_known.Count >= MaxKnown && !named) return;

        _known[endPoint] = new Candidate { IsNamed = named, Order = random.Next() };
    }

    /// <summary>Never again.</summary>
    public void Ban(NetEndPoint endPoint)
    {
        Add(endPoint, named: false);
        if (_known.TryGetValue(endPoint, out var candidate)) candidate.State = CandidateState.Banned;
    }

    public bool IsBanned(NetEndPoint endPoint) => _known.TryGetValue(endPoint, out var candidate) && candidate.State == CandidateState.Banned;

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
        if (!_known.TryGetValue(endPoint, out var candidate) || candidate.State == CandidateState.Banned) return;

        candidate.State = CandidateState.Idle;
        candidate.NotBefore = now + options.MaxRetryAfter;
    }

    private void Rest(NetEndPoint endPoint, TimeSpan now, bool failed)
    {
        if (!_known.TryGetValue(endPoint, out var candidate) || candidate.State == CandidateState.Banned) return;

        candidate.State = CandidateState.Idle;
        candidate.Failures = failed ? candidate.Failures + 1 : 0;
        var wait = options.RetryAfter * Math.Pow(2, Math.Min(candidate.Failures, 12));
        candidate.NotBefore = now + (wait < options.MaxRetryAfter ? wait : options.MaxRetryAfter);
    }

    private static (bool, int, int) Rank(Candidate c) => (!c.IsNamed, c.Failures, c.Order);

    private enum CandidateState
    {
        Idle,
        Busy,
        Banned,
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
