using Shoal.Core;
using Shoal.Core.Geometry;
using Shoal.Engine.Limits;
using Shoal.Engine.Picking;
using Shoal.Wire;
using Shoal.Wire.Extensions;

namespace Shoal.Engine.Peers;

/// <summary>What a swarm knows of one connected peer.</summary>
internal sealed class Peer(PeerKey key, NetEndPoint endPoint, Handshake handshake, bool incoming, TimeSpan now)
{
    private const int MostEarly = 100_000;

    private List<SwarmEvent>? _early;

    public PeerKey Key { get; } = key;

    public NetEndPoint EndPoint { get; } = endPoint;

    public Handshake Handshake { get; } = handshake;

    public bool IsIncoming { get; } = incoming;

    public TimeSpan ConnectedAt { get; } = now;

    public string? Client { get; set; } = ClientName.FromPeerId(handshake.PeerId);

    public ExtensionHandshake? Extensions { get; set; }

    /// <summary>Which pieces it has; null for all of them, once <see cref="HasSaid"/>.</summary>
    public Bitfield? Has { get; private set; }

    /// <summary>Whether it has said what it has, or that it has nothing by saying something else first.</summary>
    public bool HasSaid { get; private set; }

    public bool IsSeed => HasSaid && (Has is null || Has.IsFull);

    /// <summary>What it said before there was a piece space to read it in.</summary>
    public IReadOnlyList<SwarmEvent> Early => _early ?? [];

    public bool AmChoking { get; set; } = true;

    public bool AmInterested { get; set; }

    public bool IsChoking { get; set; } = true;

    public bool IsInterested { get; set; }

    public RequestWindow Window { get; } = new();

    /// <summary>Blocks it owes, oldest first.</summary>
    public LinkedList<OwedBlock> Owed { get; } = new();

    public RateMeter Upload { get; } = new();

    public Balance Balance { get; } = new();

    /// <summary>Pieces it suggested, oldest first.</summary>
    public Queue<PieceIndex> Suggested { get; } = new();

    public bool IsSnubbed { get; set; }

    public TimeSpan LastHeard { get; set; } = now;

    public TimeSpan LastSent { get; set; } = now;

    /// <summary>When it last sent a block, or was first asked for one after owing none.</summary>
    public TimeSpan LastBlock { get; set; } = now;

    public TimeSpan UnchokedAt { get; set; }

    /// <summary>Questions for hashes it has not answered.</summary>
    public int OpenQuestions { get; set; }

    public bool WasFull { get; set; }

    /// <summary>Pieces it has and yet refused to give: it is not asked for them for a while.</summary>
    public HashSet<int>? Refused { get; private set; }

    public TimeSpan RefusedAt { get; private set; }

    /// <summary>Where we could connect to it, if that is known and another connection was made.</summary>
    public NetEndPoint? ListensAt { get; set; }

    public bool HasPiece(PieceIndex piece) => HasSaid && (Has is null || Has[piece]) && Refused?.Contains(piece) != true;

    /// <summary>Until the piece space is known, what it has is kept as it came.</summary>
    /// <returns>False if it says too much.</returns>
    public bool TryRemember(SwarmEvent e)
    {
        _early ??= [];
        if (e is SwarmEvent.PeerBitfield) _early.RemoveAll(before => before is SwarmEvent.PeerBitfield); // the last says it all
        if (_early.Count >= MostEarly) return false;

        _early.Add(e);
        return true;
    }

    public void ForgetEarly() => _early = null;

    /// <summary>It says what it has, of so many pieces.</summary>
    /// <param name="gained">Pieces it was not known to have, if it has said so before; what it had it keeps.</param>
    public bool TryTake(SwarmEvent.PeerBitfield e, int pieces, out List<PieceIndex>? gained)
    {
        Bitfield? has = null;
        gained = null;
        if (HasSaid && (e.Bits is null || Bitfield.TryRead(e.Bits, pieces, out has)))
        {
            gained = [];
            if (IsSeed) return true;

            for (var i = has?.NextSet(0) ?? 0; i >= 0 && i < pieces; i = has?.NextSet(i + 1) ?? i + 1)
            {
                if (Gain(new PieceIndex(i), pieces)) gained.Add(new PieceIndex(i));
            }

            return true;
        }

        if (HasSaid || (e.Bits is not null && !Bitfield.TryRead(e.Bits, pieces, out has))) return false;

        HasSaid = true;
        Has = e.Bits is not null ? has : e.All ? null : new Bitfield(pieces);
        if (Has is { IsFull: true }) Has = null;
        return true;
    }

    /// <summary>It has one more, of so many pieces.</summary>
    /// <returns>False if it was known to have it.</returns>
    public bool Gain(PieceIndex piece, int pieces)
    {
        if (HasSaid && Has is null) return false;

        HasSaid = true;
        Has ??= new Bitfield(pieces);
        return Has.Set(piece);
    }

    public void Refuse(PieceIndex piece, TimeSpan now)
    {
        (Refused ??= []).Add(piece);
        RefusedAt = now;
    }

    public void ForgetRefusals() => Refused = null;
}

