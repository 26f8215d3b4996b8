using Shoal.Core.Geometry;

namespace Shoal.Engine.Peers;

/// <summary>
/// What a seed suggests to whom (BEP 6), so that each piece leaves it once before any leaves it twice: pieces that nobody has and nobody was promised, a different one to each.
/// A suggestion binds nobody: who does not follow it, or was given none, picks as ever.
/// </summary>
internal sealed class Suggestions
{
    private const int BlocksAhead = 16;
    private const int MostAhead = 32;

    private readonly int[] _order;
    private readonly int _ahead;
    private readonly int _pieceLength;
    private readonly Queue<int> _returned = [];
    private readonly Dictionary<int, PeerKey> _promised = []; // until somebody has it
    private readonly Dictionary<PeerKey, HashSet<int>> _waiting = []; // suggested, and not asked for yet
    private int _next;

    /// <param name="random">Decides the order: another for each seed.</param>
    public Suggestions(TorrentGeometry geometry, Random random)
    {
        _order = [.. Enumerable.Range(0, geometry.PieceCount)];
        random.Shuffle(_order);
        _pieceLength = Math.Max(1, geometry.PieceLength);
        _ahead = 1 + (BlocksAhead * TorrentGeometry.BlockLength - 1) / _pieceLength;
    }

    /// <summary>What to suggest to a peer now, and notes that it is promised to it.</summary>
    /// <param name="availability">How many peers have each piece, seeds left out.</param>
    /// <param name="rate">Bytes a second that the peer takes: a suggestion waits behind what is on its way already, so a second's worth is suggested ahead.</param>
    public IReadOnlyList<PieceIndex> Next(PeerKey peer, ReadOnlySpan<int> availability, double rate = 0)
    {
        var ahead = _ahead + (int)Math.Min(MostAhead, rate / _pieceLength);
        var waiting = _waiting.TryGetValue(peer, out var known) ? known : _waiting[peer] = [];
        waiting.RemoveWhere(piece => !_promised.ContainsKey(piece));
        List<PieceIndex> suggested = [];
        while (waiting.Count < ahead && TryTakeFresh(availability, out var piece))
        {
            _promised[piece] = peer;
            waiting.Add(piece);
            suggested.Add(new PieceIndex(piece));
        }

        return suggested;
    }

    /// <summary>A peer begins to ask for a piece, suggested or not.</summary>
    public void OnAsked(PeerKey peer, PieceIndex piece)
    {
        _promised.TryAdd(piece, peer);
        if (_waiting.TryGetValue(peer, out var waiting)) waiting.Remove(piece);
    }

    /// <summary>Somebody has the piece: the others can get it there.</summary>
    public void OnHas(PieceIndex piece) => _promised.Remove(piece);

    /// <summary>A peer left, or is choked: what it was promised is anybody's.</summary>
    public void Forget(PeerKey peer)
    {
        if (!_waiting.Remove(peer)) return;

        foreach (var (piece, _) in _promised.Where(p => p.Value == peer).ToList())
        {
            _promised.Remove(piece);
            _returned.Enqueue(piece);
        }
    }

    private bool TryTakeFresh(ReadOnlySpan<int> availability, out int piece)
    {
        while (_returned.TryDequeue(out piece) || TryTakeNext(out piece))
        {
            if (availability[piece] == 0 && !_promised.ContainsKey(piece)) return true;
        }

        return false;
    }

    private bool TryTakeNext(out int piece)
    {
        piece = _next < _order.Length ? _order[_next++] : -1;
        return piece >= 0;
    }
}
