using Shoal.Core;
using Shoal.Dht.Routing;

namespace Shoal.Dht.Lookups;

internal enum LookupPurpose
{
    /// <summary>Keeps the routing table true: find_node.</summary>
    Contacts,

    /// <summary>Finds peers for somebody, who decides how long to wait for a first contact.</summary>
    Peers,

    /// <summary>Finds where to announce.</summary>
    Announce,
}

/// <summary>
/// Which contact to ask next on the way to a target: the closest not yet asked among the eight closest that have not failed, a few at a time,
/// until all of those eight have answered (BEP 5). Only ranks; whoever drives it sends.
/// </summary>
internal sealed class Lookup(int number, Hash160 target, LookupPurpose purpose, TimeSpan now)
{
    public const int Alpha = 4;

    private const int MaxCandidates = 128;
    private const int MaxPeers = 4096;

    private readonly List<Candidate> _candidates = [];
    private readonly List<Candidate> _seeds = [];
    private readonly HashSet<NetEndPoint> _known = [];
    private readonly HashSet<NetEndPoint> _peers = [];

    public int Number => number;

    public Hash160 Target => target;

    public LookupPurpose Purpose => purpose;

    public TimeSpan StartedAt => now;

    public int AnsweredCount { get; private set; }

    public int PeerCount => _peers.Count;

    public bool Ended { get; set; }

    /// <summary>Nothing more to ask and nobody to wait for; those too slow do not hold it up.</summary>
    public bool IsSettled => !_seeds.Exists(s => s.State == CandidateState.Waiting) && !Closest(c => c.State is CandidateState.Fresh or CandidateState.Waiting);

    /// <summary>Settled without a single answer: it needs a contact to begin from.</summary>
    public bool IsStarved => AnsweredCount == 0 && IsSettled;

    /// <summary>Hears of a contact, which may be one that failed before but is known to live now.</summary>
    public void Add(NodeId id, NetEndPoint endPoint, int hops, bool alive = false)
    {
        if (_seeds.Exists(s => s.EndPoint == endPoint && s.State == CandidateState.Waiting)) return;
        if (!_known.Add(endPoint))
        {
            if (alive && _candidates.Find(c => c.EndPoint == endPoint) is { State: CandidateState.Failed } failed) failed.State = CandidateState.Fresh;
            return;
        }

        Insert(new Candidate(id, endPoint, hops));
        if (_candidates.Count <= MaxCandidates) return;

        var last = _candidates.FindLastIndex(c => c.State is CandidateState.Fresh or CandidateState.Failed);
        if (last < 0) return;

        _known.Remove(_candidates[last].EndPoint);
        _candidates.RemoveAt(last);
    }

    /// <summary>An address to begin from, to be asked at once; false if it is being asked or has answered.</summary>
    public bool TryAddSeed(NetEndPoint endPoint, out Candidate seed)
    {
        seed = new Candidate(null, endPoint, hops: 1) { State = CandidateState.Waiting };
        if (_seeds.Exists(s => s.EndPoint == endPoint && s.State == CandidateState.Waiting) || _candidates.Exists(c => c.EndPoint == endPoint && c.State != CandidateState.Failed)) return false;

        _seeds.Add(seed);
        return true;
    }

    /// <summary>Takes the next contact to ask; it is waiting then.</summary>
    public bool TryNext(out Candidate next)
    {
        next = null!;
        var considered = 0;
        var waiting = 0;
        foreach (var candidate in _candidates)
        {
            if (candidate.State == CandidateState.Waiting && ++waiting >= Alpha) return false;
        }

        foreach (var candidate in _candidates)
        {
            if (candidate.State is CandidateState.Failed or CandidateState.Slow) continue;
            if (candidate.State == CandidateState.Fresh)
            {
                candidate.State = CandidateState.Waiting;
                next = candidate;
                return true;
            }

            if (++considered >= RoutingTable.K) return false;
        }

        return false;
    }

    /// <summary>Whoever was asked has answered, under the ID that it really has.</summary>
    public void Answered(Candidate candidate, NodeId id, ReadOnlySpan<byte> token)
    {
        AnsweredCount++;
        if (candidate.Id != id)
        {
            _seeds.Remove(candidate);
            _candidates.RemoveAll(c => c.EndPoint == candidate.EndPoint);
            _known.Add(candidate.EndPoint);
            candidate = new Candidate(id, candidate.EndPoint, candidate.Hops);
            Insert(candidate);
        }

        candidate.State = CandidateState.Answered;
        if (token.Length is > 0 and <= 128) candidate.Token = token.ToArray();
    }

    public void Failed(Candidate candidate)
    {
        candidate.State = CandidateState.Failed;
        _seeds.Remove(candidate);
    }

    /// <summary>Whether a peer is heard of for the first time.</summary>
    public bool IsNewPeer(NetEndPoint peer) => _peers.Count < MaxPeers && _peers.Add(peer);

    /// <summary>Those that answered and gave a token, closest first.</summary>
    public IEnumerable<Candidate> WithToken() => _candidates.Where(c => c.State == CandidateState.Answered && c.Token is not null);

    private bool Closest(Predicate<Candidate> matches)
    {
        var considered = 0;
        foreach (var candidate in _candidates)
        {
            if (candidate.State is CandidateState.Failed or CandidateState.Slow) continue;
            if (matches(candidate)) return true;
            if (++considered >= RoutingTable.K) return false;
        }

        return false;
    }

    private void Insert(Candidate candidate)
    {
        var distance = candidate.Id!.Value.Value ^ target;
        var at = _candidates.Count;
        while (at > 0 && distance < (_candidates[at - 1].Id!.Value.Value ^ target)) at--;
        _candidates.Insert(at, candidate);
    }
}
