using Shoal.Core;
using Shoal.Dht.Routing;

namespace Shoal.Dht.Lookups;

/// <summary>
/// Which contact to ask next on the way to a target (BEP 5): the closest not yet asked, a few at a time, until the eight closest that live have answered.
/// Contacts keep to the path of whoever told of them; each path is followed to its own end, so that liars on one cannot hide what another finds
/// (S/Kademlia). Of a range of global addresses only one is heard. Only ranks; <see cref="LookupRun"/> asks.
/// </summary>
/// <param name="target">Where to.</param>
/// <param name="paths">How many disjoint paths, at least 1.</param>
/// <param name="shunned">Regions that it stays out of.</param>
internal sealed class Lookup(Hash160 target, int paths, IReadOnlyList<KeyRegion> shunned)
{
    public const int Alpha = 4;

    private const int MaxCandidates = 160;
    public const int MaxTokenLength = 128;

    /// <summary>Fewer nodes than this are expected in the region of the eight closest, if chance alone has placed them; a few honest lookups in a hundred are below, and look again.</summary>
    private const double SuspiciousBelow = 4;

    /// <summary>So many times closer together than elsewhere are those closest where somebody crowds; of honest lookups one in several hundred.</summary>
    private const double CrowdedTimes = 4;

    /// <summary>How many of those closest must have answered: more where many will only tell of a shunned crowd.</summary>
    private readonly int _width = shunned.Count == 0 ? RoutingTable.K : 2 * RoutingTable.K;
    private readonly List<Candidate> _candidates = [];
    private readonly List<Candidate> _seeds = [];
    private readonly List<Candidate> _wide = [];
    private readonly HashSet<NetEndPoint> _known = [];
    private readonly Dictionary<NetEndPoint, Candidate> _voices = [];
    private int _path;

    public Hash160 Target => target;

    public int AnsweredCount { get; private set; }

    /// <summary>Nothing more to ask and nobody to wait for; those too slow do not hold it up.</summary>
    public bool IsSettled => !_seeds.Exists(s => s.State == CandidateState.Waiting) && !_wide.Exists(c => c.IsOpen) && !TryFind(static (c, _) => c.IsOpen, 0, out _);

    /// <summary>Settled without a single answer: it needs a contact to begin from.</summary>
    public bool IsStarved => AnsweredCount == 0 && IsSettled;

    /// <summary>Hears of a contact, which may be one that failed before but is known to live now.</summary>
    /// <param name="id">As it was told.</param>
    /// <param name="endPoint">Where it is.</param>
    /// <param name="hops">How many queries in a row lead to its answer.</param>
    /// <param name="path">The path of whoever told of it.</param>
    /// <param name="alive">Whether it has just answered us something.</param>
    public void Add(NodeId id, NetEndPoint endPoint, int hops, int path, bool alive = false)
    {
        foreach (var region in shunned)
            if (region.Contains(id.Value)) return;

        if (_seeds.Exists(s => s.EndPoint == endPoint && s.State == CandidateState.Waiting)) return;
        if (!_known.Add(endPoint))
        {
            if (alive && _candidates.Find(c => c.EndPoint == endPoint) is { State: CandidateState.Failed } failed) failed.State = CandidateState.Fresh;
            return;
        }

        var candidate = new Candidate(id, endPoint, hops, path);
        if (!TryGiveVoice(candidate))
        {
            _known.Remove(endPoint);
            return;
        }

        Insert(candidate);
        if (_candidates.Count <= MaxCandidates) return;

        var last = _candidates.FindLastIndex(c => (c.State is CandidateState.Fresh or CandidateState.Failed) && !_wide.Contains(c));
        if (last >= 0) Forget(_candidates[last]);
    }

    /// <summary>A contact to be asked, and told, whatever its distance, since those closest are not to be trusted.</summary>
    public void AddWide(Candidate other)
    {
        if (_wide.Exists(c => c.EndPoint == other.EndPoint)) return;

        var candidate = _candidates.Find(c => c.EndPoint == other.EndPoint);
        if (candidate is null)
        {
            candidate = new Candidate(other.Id, other.EndPoint, other.Hops + 1, other.Path);
            _known.Add(candidate.EndPoint);
            Insert(candidate);
        }

        _wide.Add(candidate);
    }

    /// <summary>An address to begin from, to be asked at once; false if it is being asked or has answered.</summary>
    public bool TryAddSeed(NetEndPoint endPoint, out Candidate seed)
    {
        seed = new Candidate(null, endPoint, hops: 1, NextPath()) { State = CandidateState.Waiting };
        if (_seeds.Exists(s => s.EndPoint == endPoint && s.State == CandidateState.Waiting) || _candidates.Exists(c => c.EndPoint == endPoint && c.State != CandidateState.Failed)) return false;

        _seeds.Add(seed);
        return true;
    }

    /// <summary>The path that the next contact of our own begins, each in its turn.</summary>
    public int NextPath() => _path++ % paths;

    /// <summary>Takes the next contact to ask; it is waiting then. The paths take turns.</summary>
    public bool TryNext(out Candidate next)
    {
        next = null!;
        var waiting = 0;
        foreach (var candidate in _candidates)
            if (candidate.State == CandidateState.Waiting && ++waiting >= Alpha) return false;

        for (var turn = 0; turn < paths; turn++)
            if (TryFind(static (c, path) => c.State == CandidateState.Fresh && c.Path == path, NextPath(), out next)) return Take(next);

        next = _wide.Find(c => c.State == CandidateState.Fresh)!;
        return next is not null && Take(next);
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
            var wide = _wide.FindIndex(c => c.EndPoint == candidate.EndPoint);
            candidate = new Candidate(id, candidate.EndPoint, candidate.Hops, candidate.Path);
            if (wide >= 0) _wide[wide] = candidate;
            TryGiveVoice(candidate);
            Insert(candidate);
        }

        candidate.State = CandidateState.Answered;
        if (token.Length is > 0 and <= MaxTokenLength) candidate.Token = token.ToArray();
    }

    public void Failed(Candidate candidate)
    {
        candidate.State = CandidateState.Failed;
        _seeds.Remove(candidate);
    }

    /// <summary>Those that answered, closest first.</summary>
    public IEnumerable<Candidate> WhoAnswered() => _candidates.Where(c => c.State == CandidateState.Answered);

    /// <summary>Whether a candidate is to be told an announcement although others are closer.</summary>
    public bool IsWide(Candidate candidate) => _wide.Contains(candidate);

    /// <summary>How far the eighth closest that answered is, as a share of the key space; null if fewer have.</summary>
    public double? Radius => WhoAnswered().ElementAtOrDefault(RoutingTable.K - 1) is { } eighth ? Distance(eighth).Fraction : null;

    /// <summary>The smallest region that the eight closest that answered are all in; null if fewer have.</summary>
    public KeyRegion? Cluster
    {
        get
        {
            var closest = WhoAnswered().Take(RoutingTable.K).Select(c => c.Id!.Value.Value).ToList();
            return closest.Count < RoutingTable.K ? null : new KeyRegion(closest[0], closest.Min(id => (id ^ closest[0]).LeadingZeros));
        }
    }

    /// <summary>Whether there may be more nodes in the region of those closest than chance explains, as where somebody wants to hide a key (an eclipse).</summary>
    /// <param name="cluster">Where the eight closest are.</param>
    /// <param name="networkSize">An estimate of how many nodes there are.</param>
    public static bool IsSuspicious(KeyRegion cluster, double networkSize) => cluster.Share * networkSize < SuspiciousBelow;

    /// <summary>Whether there are, by what is found beside it at the same time.</summary>
    /// <param name="cluster">Where the eight closest to the target are.</param>
    /// <param name="elsewhere">How far the eighth closest to another target is.</param>
    public static bool IsCrowded(KeyRegion cluster, double elsewhere) => cluster.Share * CrowdedTimes < elsewhere;

    private static bool Take(Candidate next)
    {
        next.State = CandidateState.Waiting;
        return true;
    }

    /// <summary>The first match among those that matter: the eight closest that live, and of each path its share of eight.</summary>
    private bool TryFind(Func<Candidate, int, bool> matches, int path, out Candidate found)
    {
        Span<int> considered = stackalloc int[paths];
        var share = _width / paths;
        var all = 0;
        found = null!;
        foreach (var candidate in _candidates)
        {
            if (candidate.State is CandidateState.Failed or CandidateState.Slow) continue;
            if ((all < _width || considered[candidate.Path] < share) && matches(candidate, path))
            {
                found = candidate;
                return true;
            }

            all++;
            considered[candidate.Path]++;
        }

        return false;
    }

    /// <summary>False if somebody else of its range is heard already, unless that one has failed, or has not been asked and is farther.</summary>
    private bool TryGiveVoice(Candidate candidate)
    {
        if (candidate.EndPoint.Scope != NetworkScope.Global) return true;

        var range = candidate.EndPoint.Range;
        if (_voices.TryGetValue(range, out var holder) && holder.EndPoint != candidate.EndPoint && holder.State != CandidateState.Failed)
        {
            if (holder.State != CandidateState.Fresh || _wide.Contains(holder) || Distance(holder) < Distance(candidate)) return false;
            Forget(holder);
        }

        _voices[range] = candidate;
        return true;
    }

    private void Forget(Candidate candidate)
    {
        _known.Remove(candidate.EndPoint);
        _candidates.Remove(candidate);
        _wide.Remove(candidate);
        if (_voices.TryGetValue(candidate.EndPoint.Range, out var holder) && holder == candidate) _voices.Remove(candidate.EndPoint.Range);
    }

    private Hash160 Distance(Candidate candidate) => candidate.Id!.Value.Value ^ target;

    private void Insert(Candidate candidate)
    {
        var distance = Distance(candidate);
        var at = _candidates.Count;
        while (at > 0 && distance < Distance(_candidates[at - 1])) at--;
        _candidates.Insert(at, candidate);
    }
}
