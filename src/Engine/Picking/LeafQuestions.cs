using Shoal.Engine.Peers;
using Shoal.Wire;

namespace Shoal.Engine.Picking;

/// <summary>Leaf hashes that are asked for (BEP 52): for which piece, of whom, and since when.</summary>
internal sealed class LeafQuestions
{
    private const int MaxAsked = 3;
    private const int MostAtOnce = 4; // of one peer, for one piece after the other

    private readonly Dictionary<HashRequest, Question> _open = [];

    public void Add(HashRequest request, OpenPiece piece) => _open[request] = new Question(piece);

    public bool Contains(HashRequest request) => _open.ContainsKey(request);

    /// <summary>Whether any is about the piece.</summary>
    public bool Concern(OpenPiece piece) => _open.Values.Any(q => q.Piece == piece);

    public OpenPiece? Find(HashRequest request) => _open.TryGetValue(request, out var question) ? question.Piece : null;

    public void Remove(HashRequest request) => _open.Remove(request);

    public void RemoveAll(OpenPiece piece)
    {
        foreach (var (request, question) in _open)
        {
            if (question.Piece == piece) _open.Remove(request);
        }
    }

    /// <summary>Which of them to ask a peer now.</summary>
    public IEnumerable<HashRequest> Pick(Peer peer, TimeSpan now, TimeSpan patience)
    {
        var asked = _open.Values.Count(q => q.Asked.Contains(peer.Key));
        foreach (var (request, question) in _open)
        {
            if (asked >= MostAtOnce) yield break;
            if (question.Asked.Count >= MaxAsked || question.Asked.Contains(peer.Key) || now - question.AskedAt < patience / 2) continue;
            if (!peer.HasPiece(question.Piece.Index)) continue;

            question.AskedAt = now;
            question.Asked.Add(peer.Key);
            asked++;
            yield return request;
        }
    }

    /// <summary>The peer refuses: another may be asked at once.</summary>
    public void OnRejected(HashRequest request)
    {
        if (_open.TryGetValue(request, out var question)) question.AskedAt = TimeSpan.MinValue / 2;
    }

    public void Forget(PeerKey peer)
    {
        foreach (var question in _open.Values) question.Asked.Remove(peer);
    }

    /// <summary>Pieces about which nobody has answered in time; their questions are dropped.</summary>
    public IReadOnlyList<OpenPiece> TakeHopeless(TimeSpan now, TimeSpan patience)
    {
        List<OpenPiece>? hopeless = null;
        foreach (var (request, question) in _open)
        {
            question.OpenedAt ??= now;
            if (now - question.OpenedAt <= patience) continue;

            _open.Remove(request);
            (hopeless ??= []).Add(question.Piece);
        }

        return hopeless ?? (IReadOnlyList<OpenPiece>)[];
    }

    private sealed class Question(OpenPiece piece)
    {
        public OpenPiece Piece { get; } = piece;

        public TimeSpan? OpenedAt { get; set; }

        public TimeSpan AskedAt { get; set; } = TimeSpan.MinValue / 2;

        public HashSet<PeerKey> Asked { get; } = [];
    }
}
