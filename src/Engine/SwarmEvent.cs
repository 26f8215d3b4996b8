using Shoal.Core;
using Shoal.Core.Geometry;
using Shoal.Core.Metainfo;
using Shoal.Engine.Buffers;
using Shoal.Engine.WebSeeds;
using Shoal.Storage;
using Shoal.Wire;
using Shoal.Wire.Extensions;

namespace Shoal.Engine;

/// <summary>What a swarm hears of. Numbers in what peers say are as they sent them, except where the type says otherwise.</summary>
internal abstract record SwarmEvent
{
    /// <param name="WantIt">Whether they said that they fetch the torrent, or have it: then a seed calls them too.</param>
    internal sealed record PeersFound(IReadOnlyList<NetEndPoint> EndPoints, bool Named, bool WantIt = false) : SwarmEvent;

    internal sealed record PeerConnected(PeerKey Peer, NetEndPoint EndPoint, Handshake Handshake, bool Incoming, NetEndPoint Local = default) : SwarmEvent;

    internal sealed record ConnectFailed(NetEndPoint EndPoint) : SwarmEvent;

    internal sealed record PeerClosed(PeerKey Peer, CloseReason Reason) : SwarmEvent;

    internal sealed record WebSeedsKnown(IReadOnlyList<Uri> Urls) : SwarmEvent;

    internal sealed record WebSeedConnected(PeerKey Peer, Uri Url) : SwarmEvent;

    internal sealed record WebSeedEnded(PeerKey Peer, Uri Url, WebSeedEnd End, bool WasUseful, TimeSpan RetryAfter) : SwarmEvent;

    /// <summary>The peer says only that it is there.</summary>
    internal sealed record KeptAlive(PeerKey Peer) : SwarmEvent;

    internal sealed record ChokeChanged(PeerKey Peer, bool Choked) : SwarmEvent;

    internal sealed record InterestChanged(PeerKey Peer, bool Interested) : SwarmEvent;

    internal sealed record PeerHas(PeerKey Peer, int Piece) : SwarmEvent;

    internal sealed record PeerLost(PeerKey Peer, int Piece) : SwarmEvent;

    /// <summary>The peer gives a piece even while it chokes us.</summary>
    internal sealed record FastAllowed(PeerKey Peer, int Piece) : SwarmEvent;

    /// <summary>The peer says whether it wants nothing.</summary>
    internal sealed record UploadOnlyChanged(PeerKey Peer, bool UploadOnly) : SwarmEvent;

    /// <param name="Bits">The wire form; null for all or none.</param>
    internal sealed record PeerBitfield(PeerKey Peer, byte[]? Bits, bool All) : SwarmEvent;

    /// <summary>Blocks that were asked for are in their buffer.</summary>
    internal sealed record BlocksReceived(PeerKey Peer, PieceIndex Piece, BlockIndex First, int Count, int Bytes) : SwarmEvent;

    /// <summary>A block that was asked for came, but somebody else's was there first.</summary>
    internal sealed record BlockWasted(PeerKey Peer, PieceIndex Piece, BlockIndex Block, int Bytes) : SwarmEvent;

    /// <summary>The peer suggests a piece to begin (BEP 6).</summary>
    internal sealed record PieceSuggested(PeerKey Peer, int Piece) : SwarmEvent;

    /// <summary>The peer asks us for a block of another piece than before.</summary>
    internal sealed record PieceAsked(PeerKey Peer, PieceIndex Piece) : SwarmEvent;

    internal sealed record RequestRejected(PeerKey Peer, PieceIndex Piece, BlockIndex Block) : SwarmEvent;

    internal sealed record ExtensionsKnown(PeerKey Peer, ExtensionHandshake Extensions) : SwarmEvent;

    internal sealed record MetadataReceived(PeerKey Peer, MetadataMessage Message, byte[] Data) : SwarmEvent;

    /// <summary>The peer tells of others.</summary>
    internal sealed record PeersTold(PeerKey Peer, PexMessage Message) : SwarmEvent;

    internal sealed record HashesReceived(PeerKey Peer, HashRequest Request, byte[] Hashes) : SwarmEvent;

    /// <summary>The last block, asked for to prove a length, came; null if it was refused.</summary>
    internal sealed record LastBlockReceived(PeerKey Peer, byte[]? Block) : SwarmEvent;

    internal sealed record HashesRejected(PeerKey Peer, HashRequest Request) : SwarmEvent;

    /// <summary>The content is open; what it has may be served, and what it lacks fetched if that is wanted.</summary>
    /// <param name="Only">What is wanted; null for everything.</param>
    internal sealed record ContentOpened(TorrentInfo Info, PieceLayers Layers, Bitfield Have, bool Fetch = true, Selection? Only = null) : SwarmEvent;

    /// <summary>A piece of the open content is present, whoever brought it.</summary>
    internal sealed record PieceGained(PieceIndex Piece) : SwarmEvent;

    /// <summary>What the store has of a file was looked for: the rest may be asked for.</summary>
    internal sealed record FileReady(FileIndex File) : SwarmEvent;

    /// <summary>Pieces of the content that is open are wanted more, less, or not at all.</summary>
    internal sealed record Prioritized(PieceRange Range, PiecePriority Priority) : SwarmEvent;

    /// <summary>Pieces of the content that is open are needed by a time.</summary>
    internal sealed record Preferred(PieceRange Range, TimeSpan At) : SwarmEvent;

    /// <summary>Whether to begin pieces in the order of the content, and not the rarest first.</summary>
    internal sealed record OrderChosen(bool InOrder) : SwarmEvent;

    internal sealed record PieceStored(PieceIndex Piece, PutStatus Status) : SwarmEvent;

    /// <summary>A run of a piece was proven and written, or was not.</summary>
    internal sealed record RunStored(PieceIndex Piece, PieceBuffer Buffer, PutStatus Status) : SwarmEvent;

    internal sealed record PieceLost(PieceIndex Piece) : SwarmEvent;

    /// <summary>Payload sent to a peer so far.</summary>
    internal sealed record Uploaded(PeerKey Peer, long Total) : SwarmEvent;

    internal sealed record Tick : SwarmEvent;
}
