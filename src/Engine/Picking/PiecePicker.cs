using Shoal.Core;
using Shoal.Core.Geometry;

namespace Shoal.Engine.Picking;

/// <summary>
/// Which piece to begin next: the rarest that a peer has, in random order among equals. Pieces that may be begun stand in one array sorted by
/// availability; a change moves a piece over the border of its bucket, so keeping order costs a swap. Seeds raise all pieces alike and are left out.
/// </summary>
internal sealed class PiecePicker
{
    private readonly Random _random;
    private readonly int[] _availability;
    private readonly int[] _order;
    private readonly int[] _place;
    private readonly List<int> _ends = [0]; // _ends[a]: one past the last piece of availability a
    private int _count;

    public PiecePicker(int pieceCount, Random random)
        : this(new int[pieceCount], random)
    {
    }

    /// <param name="availability">Shared with other pickers: a change goes through that which has the piece, or through any if none does.</param>
    public PiecePicker(int[] availability, Random random)
    {
        (_availability, _random) = (availability, random);
        _order = new int[availability.Length];
        _place = new int[availability.Length];
        Array.Fill(_place, -1);
    }

    /// <summary>How many pieces may be begun.</summary>
    public int Count => _count;

    public int Availability(PieceIndex piece) => _availability[piece];

    /// <summary>Whether the piece may be begun.</summary>
    public bool Contains(PieceIndex piece) => _place[piece] >= 0;

    /// <summary>The piece may be begun from now on.</summary>
    public void Add(PieceIndex piece)
    {
        if (_place[piece] >= 0) return;

        var availability = _availability[piece];
        EnsureBuckets(availability);
        var at = _count++;
        Put(piece, at);
        for (var bucket = _ends.Count - 1; bucket > availability; bucket--)
        {
            var first = _ends[bucket - 1];
            Swap(at, first);
            at = first;
            _ends[bucket]++;
        }

        _ends[availability]++;
        Shuffle(at, availability);
    }

    /// <summary>The piece is begun, or had.</summary>
    public void Remove(PieceIndex piece)
    {
        var at = _place[piece];
        if (at < 0) return;

        for (var bucket = _availability[piece]; bucket < _ends.Count; bucket++)
        {
            var last = --_ends[bucket];
            Swap(at, last);
            at = last;
        }

        _count--;
        _place[piece] = -1;
    }

    public void Raise(PieceIndex piece)
    {
        var availability = _availability[piece]++;
        EnsureBuckets(availability + 1);
        if (_place[piece] < 0) return;

        var last = --_ends[availability];
        Swap(_place[piece], last);
        Shuffle(last, availability + 1);
    }

    public void Lower(PieceIndex piece)
    {
        var availability = _availability[piece]--;
        if (_place[piece] < 0) return;

        var first = _ends[availability - 1]++;
        Swap(_place[piece], first);
        Shuffle(first, availability - 1);
    }

    /// <param name="has">What the peer has; null for everything.</param>
    /// <param name="except">Pieces not to pick.</param>
    public bool TryPick(Bitfield? has, IReadOnlySet<int>? except, out PieceIndex piece)
    {
        if (has is not null && has.Count < _count / 64) return TryPickAmongFew(has, except, out piece);

        for (var i = 0; i < _count; i++)
        {
            piece = new PieceIndex(_order[i]);
            if ((has is null || has[piece]) && except?.Contains(piece) != true) return true;
        }

        piece = default;
        return false;
    }

    /// <summary>The first in the order of the content, instead of the rarest.</summary>
    /// <param name="has">What the peer has; null for everything.</param>
    /// <param name="except">Pieces not to pick.</param>
    public bool TryPickFirst(Bitfield? has, IReadOnlySet<int>? except, out PieceIndex piece)
    {
        for (var i = 0; i < _place.Length; i++)
        {
            if (_place[i] < 0 || has?[i] == false || except?.Contains(i) == true) continue;

            piece = new PieceIndex(i);
            return true;
        }

        piece = default;
        return false;
    }

    /// <summary>Looks at what the peer has instead of all there is to fetch.</summary>
    private bool TryPickAmongFew(Bitfield has, IReadOnlySet<int>? except, out PieceIndex piece)
    {
        var best = -1;
        for (var i = has.NextSet(0); i >= 0; i = has.NextSet(i + 1))
        {
            if (_place[i] >= 0 && (best < 0 || _place[i] < _place[best]) && except?.Contains(i) != true) best = i;
        }

        piece = new PieceIndex(Math.Max(0, best));
        return best >= 0;
    }

    private void Shuffle(int at, int bucket)
    {
        var start = bucket == 0 ? 0 : _ends[bucket - 1];
        Swap(at, _random.Next(start, _ends[bucket]));
    }

    private void EnsureBuckets(int availability)
    {
        while (_ends.Count <= availability) _ends.Add(_count);
    }

    private void Swap(int a, int b)
    {
        var (first, second) = (_order[a], _order[b]);
        Put(first, b);
        Put(second, a);
    }

    private void Put(int piece, int at)
    {
        _order[at] = piece;
        _place[piece] = at;
    }
}
