using Shoal.Core.Geometry;

namespace Shoal.Engine.Picking;

/// <summary>Pieces that are needed by a time, as somebody reads while they are fetched; the soonest first, in their order among equals.</summary>
internal sealed class Deadlines
{
    private readonly SortedSet<(TimeSpan At, int Piece)> _byTime = [];
    private readonly Dictionary<int, TimeSpan> _of = [];

    public bool IsEmpty => _of.Count == 0;

    public IEnumerable<(TimeSpan At, PieceIndex Piece)> Soonest => _byTime.Select(d => (d.At, new PieceIndex(d.Piece)));

    public TimeSpan? Of(PieceIndex piece) => _of.TryGetValue(piece, out var at) ? at : null;

    /// <summary>The last word counts.</summary>
    public void Set(PieceIndex piece, TimeSpan at)
    {
        Remove(piece);
        _of[piece] = at;
        _byTime.Add((at, piece));
    }

    /// <summary>The piece is there, or not needed any more.</summary>
    public void Remove(PieceIndex piece)
    {
        if (_of.Remove(piece, out var at)) _byTime.Remove((at, piece));
    }
}
