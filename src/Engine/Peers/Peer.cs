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

    private const int MostAllowed = 100;

    private List<SwarmEvent>? _early;
    private HashSet<int>? _allowed;
    private Bitfield? _allowedHad;

    public PeerKey Key { get; } = key;

    public NetEndPoint EndPoint { get; } = endPoint;

    public Handshake Handshake { get; } = handshake;

    /// <summary>The URL of a web server that is taken as a peer (BEP 19); null for all others.</summary>
    public Uri? WebSeed { get; init; }

    /// <summary>What to call its place.</summary>
    public string Address => WebSeed?.AbsoluteUri ?? EndPoint.ToString();

    public bool IsIncoming { get; } = incoming;

    public TimeSpan ConnectedAt { get; } = now;

    public string? Client { get; set; } = ClientName.FromPeerId(handshake.PeerId);

    public ExtensionHandshake? Extensions { get; set; }

    /// <summary>Which pieces it has; null for all of them, once <see cref="HasSaid"/>.</summary>
    public Bitfield? Has { get; private set; }

    /// <summary>Whether it has said what it has, or that it has nothing by saying something else first.</summary>
    public bool HasSaid { get; private set; }

    public bool IsSeed => HasSaid && (Has is null || Has.IsFull);

    /// <summary>Whether it says that it wants nothing (BEP 21).</summary>
    public bool IsUploadOnly { get; set; }

    /// <summary>Whether there is nothing to give it.</summary>
    public bool OnlyGives => IsSeed || IsUploadOnly;

    /// <summary>What it said before there was a piece space to read it in.</summary>
    public IReadOnlyList<SwarmEvent> Early => _early ?? [];

    public bool AmChoking { get; set; } = true;

    public bool AmInterested { get; set; }

    public bool IsChoking { get; set; } = true;

    public bool IsInterested { get; set; }

    public RequestWindow Window { get; } = new();

    /// <summary>The piece it was last asked to begin.</summary>
    public PieceIndex? LastBegun { get; set; }

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

    /// <summary>How often it refused to give leaf hashes.</summary>
    public int LeafRefusals { get; set; }

    public bool WasFull { get; set; }

    /// <summary>Pieces it has and yet refused to give: it is not asked for them for a while.</summary>
    public HashSet<int>? Refused { get; private set; }

    public TimeSpan RefusedAt { get; private set; }

    /// <summary>BEP 40; 0 if our own address is unknown.</summary>
    public uint Priority { get; init; }

    /// <summary>Where we could connect to it, if that is known and another connection was made.</summary>
    public NetEndPoint? ListensAt { get; set; }

    /// <summary>Where others could connect to it, as far as that is known.</summary>
    public NetEndPoint? Home => WebSeed is not null ? null : !IsIncoming ? EndPoint : ListensAt ?? (Extensions is { ListenPort: > 0 and var port } ? EndPoint.WithPort(port) : null);

    public PexRecord Pex { get; } = new(now + PeerExchange.FirstAfter);

    /// <summary>Whether it would send anything now.</summary>
    public bool MayBeAsked => !IsChoking || _allowedHad is { IsEmpty: false };

    /// <summary>Among which pieces it may be asked now; null for all.</summary>
    public Bitfield? Askable => IsChoking ? _allowedHad ?? new Bitfield(0) : Has;

    public bool MayBeAskedFor(PieceIndex piece) => HasPiece(piece) && (!IsChoking || _allowedHad?[piece] == true);

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
        foreach (var piece in _allowed ?? []) NoteAllowed(new PieceIndex(piece), pieces);
        return true;
    }

    /// <summary>It has one more, of so many pieces.</summary>
    /// <returns>False if it was known to have it.</returns>
    public bool Gain(PieceIndex piece, int pieces)
    {
        if (HasSaid && Has is null) return false;

        HasSaid = true;
        Has ??= new Bitfield(pieces);
        if (!Has.Set(piece)) return false;

        if (_allowed?.Contains(piece) == true) NoteAllowed(piece, pieces);
        return true;
    }

    /// <summary>It has one less, of so many pieces (BEP 54).</summary>
    /// <returns>False if it was not known to have it.</returns>
    public bool Lose(PieceIndex piece, int pieces)
    {
        if (!HasSaid) return false;
        if (Has is null)
        {
            Has = new Bitfield(pieces);
            Has.SetAll();
        }

        _allowedHad?.Clear(piece);
        return Has.Clear(piece);
    }

    /// <summary>It gives a piece, once it has it, even while it chokes us (BEP 6).</summary>
    public void Allow(PieceIndex piece, int pieces)
    {
        _allowed ??= [];
        if (_allowed.Count < MostAllowed && _allowed.Add(piece)) NoteAllowed(piece, pieces);
    }

    /// <summary>It refused a piece that it had allowed.</summary>
    public void Disallow(PieceIndex piece)
    {
        _allowed?.Remove(piece);
        _allowedHad?.Clear(piece);
    }

    private void NoteAllowed(PieceIndex piece, int pieces)
    {
        if (HasSaid && (Has is null || Has[piece])) (_allowedHad ??= new Bitfield(pieces)).Set(piece);
    }

    public void Refuse(PieceIndex piece, TimeSpan now)
    {
        (Refused ??= []).Add(piece);
        RefusedAt = now;
    }

    public void ForgetRefusals() => Refused = null;
}

