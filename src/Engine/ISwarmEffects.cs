using Shoal.Core;
using Shoal.Core.Geometry;
using Shoal.Core.Merkle;
using Shoal.Core.Metainfo;
using Shoal.Engine.Buffers;
using Shoal.Wire;
using Shoal.Wire.Extensions;

namespace Shoal.Engine;

/// <summary>What a swarm wants done. Every call only notes or enqueues; nothing comes back but events.</summary>
internal interface ISwarmEffects
{
    void Connect(NetEndPoint endPoint);

    /// <summary>Takes a web server as a peer that has everything (BEP 19).</summary>
    void ConnectWebSeed(Uri url);

    void Close(PeerKey peer, CloseReason reason);

    /// <summary>The extension handshake; may be sent again when more is known.</summary>
    void SendExtensions(PeerKey peer, Introduction introduction);

    /// <summary>Tells of other peers, if the peer takes that (BEP 11).</summary>
    void SendPeers(PeerKey peer, PexMessage message);

    /// <summary>What we have, once, before anything else is said of pieces; null for nothing.</summary>
    void SendBitfield(PeerKey peer, Bitfield? have);

    void SendHave(PeerKey peer, PieceIndex piece);

    /// <summary>We have a piece no longer, if the peer takes that (BEP 54).</summary>
    void SendDontHave(PeerKey peer, PieceIndex piece);

    /// <summary>The peer may have that piece even while it is choked (BEP 6).</summary>
    void SendAllowedFast(PeerKey peer, PieceIndex piece);

    /// <summary>Whether nothing is wanted any more, if the peer takes that (BEP 21).</summary>
    void SendUploadOnly(PeerKey peer, bool uploadOnly);

    /// <summary>The peer might begin that piece next (BEP 6).</summary>
    void SendSuggest(PeerKey peer, PieceIndex piece);

    void SendChoke(PeerKey peer, bool choked);

    void SendInterest(PeerKey peer, bool interested);

    void SendKeepAlive(PeerKey peer);

    /// <summary>Asks for a block; what comes is copied into the buffer.</summary>
    void SendRequest(PeerKey peer, PieceIndex piece, BlockIndex block, PieceBuffer buffer);

    /// <summary>Takes a request back; the peer may answer it all the same.</summary>
    void SendCancel(PeerKey peer, PieceIndex piece, BlockIndex block);

    void SendHashRequest(PeerKey peer, HashRequest request);

    /// <summary>Asks for the last block of what a peer says the content is, so that it proves the length.</summary>
    void SendLastBlockRequest(PeerKey peer, BlockRequest request);

    void SendMetadata(PeerKey peer, MetadataMessage message, ReadOnlyMemory<byte> data);

    /// <summary>The info dictionary is whole and is what the infohash names.</summary>
    void MetadataKnown(TorrentInfo info);

    /// <summary>The info dictionary is what the infohash names, and is no torrent that can be fetched.</summary>
    void MetadataUnusable(MetainfoError error);

    /// <summary>A file's piece layer is known.</summary>
    /// <returns>Whether the store first looks whether it has some of the file; <see cref="SwarmEvent.FileReady"/> follows, and nothing of the file is asked for until then.</returns>
    bool LayerKnown(FileIndex file);

    /// <summary>Every block of the piece is in the buffer: prove it and put it in its place.</summary>
    void StorePiece(PieceIndex piece, PieceBuffer buffer);

    /// <summary>Every block of a run of a piece is in the buffer: prove it, if its leaves are given, and write it where it belongs.</summary>
    void StoreRun(PieceIndex piece, PieceBuffer buffer, PieceLeaves? leaves);

    /// <summary>Every run of the piece is written: prove what of it is not, and make it present.</summary>
    void EnterPiece(PieceIndex piece);

    /// <summary>A piece is present, and a peer gave it, or most of it.</summary>
    void PieceArrived(PieceIndex piece, PeerKey giver);

    /// <summary>Every piece that is wanted is present.</summary>
    void Completed();
}
