using Shoal.Core;
using Shoal.Core.Geometry;

namespace Shoal.Engine.Picking;

/// <summary>Which piece to begin next: of those wanted most that a peer has, the rarest; or the first, for who reads from the beginning.</summary>
internal sealed class PieceOrder(Wishes wishes, int pieceCount, Random random)
{
    private readonly int[] _availability = new int[pieceCount];
    private readonly PiecePicker?[] _levels = new PiecePicker?[(int)PiecePriority.High + 1];

    public bool IsInOrder { get; set; }

    /// <summary>Whether no piece is left to begin.</summary>
    public bool IsEmpty => Array.TrueForAll(_levels, level => level is not { Count: > 0 });

    /// <summary>How many peers have each piece, seeds left out.</summary>
    public ReadOnlySpan<int> Availability => _availability;

    /// <summary>Whether the piece may be begun.</summary>
    public bool Contains(PieceIndex piece) => (uint)piece.Value < (uint)_availability.Length && Level(piece)?.Contains(piece) == true;

    /// <summary>The piece may be begun from now on.</summary>
    public void Add(PieceIndex piece) => (_levels[(int)wishes[piece]] ??= new PiecePicker(_availability, random)).Add(piece);

    /// <summary>The piece is begun, had, or not wanted.</summary>
    public void Remove(PieceIndex piece) => Level(piece)?.Remove(piece);

    public void Raise(PieceIndex piece)
    {
        if (Level(piece) is { } level) level.Raise(piece);
        else _availability[piece]++;
    }

    public void Lower(PieceIndex piece)
    {
        if (Level(piece) is { } level) level.Lower(piece);
        else _availability[piece]--;
    }

    /// <summary>Whether nobody but seeds has the piece, it may be begun, and none is wanted more.</summary>
    public bool IsRareAndNext(PieceIndex piece)
    {
        if (IsInOrder || _availability[piece] > 0 || !Contains(piece)) return false;

        for (var level = PiecePriority.High; level > wishes[piece]; level--)
        {
            if (_levels[(int)level] is { Count: > 0 }) return false;
        }

        return true;
    }

    /// <inheritdoc cref="PiecePicker.TryPick"/>
    public bool TryPick(Bitfield? has, IReadOnlySet<int>? except, out PieceIndex piece)
    {
        piece = default;
        for (var level = PiecePriority.High; level > PiecePriority.None; level--)
        {
            if (_levels[(int)level] is not { Count: > 0 } pieces) continue;
            if (IsInOrder ? pieces.TryPickFirst(has, except, out piece) : pieces.TryPick(has, except, out piece)) return true;
        }

        return false;
    }

    private PiecePicker? Level(PieceIndex piece) => _levels[(int)wishes[piece]];
}
