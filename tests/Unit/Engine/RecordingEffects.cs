using Shoal.Core;
using Shoal.Core.Geometry;
using Shoal.Core.Merkle;
using Shoal.Core.Metainfo;
using Shoal.Engine;
using Shoal.Engine.Buffers;
using Shoal.Wire;
using Shoal.Wire.Extensions;

namespace Shoal.Unit.Engine;

/// <summary>Notes what a swarm wants done.</summary>
internal sealed class RecordingEffects : ISwarmEffects
{
    public readonly record struct Asked(PeerKey Peer, PieceIndex Piece, BlockIndex Block, PieceBuffer Buffer);

    public List<Asked> Requests { get; } = [];

    public List<(PeerKey Peer, int Piece, int Block)> Cancels { get; } = [];

    public List<(PeerKey Peer, HashRequest Request)> HashRequests { get; } = [];

    public List<(PeerKey Peer, MetadataMessage Message, byte[] Data)> Metadata { get; } = [];

    public List<(PeerKey Peer, CloseReason Reason)> Closed { get; } = [];

    public List<(PeerKey Peer, int Piece)> Haves { get; } = [];

    public List<(PeerKey Peer, int Piece)> Suggested { get; } = [];

    public List<(PeerKey Peer, bool Choked)> Chokes { get; } = [];

    public List<(PeerKey Peer, bool Interested)> Interests { get; } = [];

    public List<(PeerKey Peer, string Have)> Bitfields { get; } = [];

    public List<NetEndPoint> Connects { get; } = [];

    public List<(PieceIndex Piece, PieceBuffer Buffer)> Stores { get; } = [];

    public List<PeerKey> KeepAlives { get; } = [];

    public List<FileIndex> Layers { get; } = [];

    public List<int> Arrived { get; } = [];

    public TorrentInfo? Info { get; private set; }

    public MetainfoError Unusable { get; private set; }

    public int Completions { get; private set; }

    public void Connect(NetEndPoint endPoint) => Connects.Add(endPoint);

    public List<Uri> WebSeeds { get; } = [];

    public void ConnectWebSeed(Uri url) => WebSeeds.Add(url);

    public void Close(PeerKey peer, CloseReason reason) => Closed.Add((peer, reason));

    public List<(PeerKey Peer, Introduction Introduction)> Introductions { get; } = [];

    public List<(PeerKey Peer, PexMessage Message)> Told { get; } = [];

    public void SendExtensions(PeerKey peer, Introduction introduction) => Introductions.Add((peer, introduction));

    public void SendPeers(PeerKey peer, PexMessage message) => Told.Add((peer, message));

    public void SendBitfield(PeerKey peer, Bitfield? have) => Bitfields.Add((peer, have is null ? "" : Drawn.Of(have)));

    public void SendHave(PeerKey peer, PieceIndex piece) => Haves.Add((peer, piece));

    public List<(PeerKey Peer, int Piece)> DontHaves { get; } = [];

    public List<(PeerKey Peer, int Piece)> AllowedFast { get; } = [];

    public List<(PeerKey Peer, bool UploadOnly)> UploadOnly { get; } = [];

    public void SendDontHave(PeerKey peer, PieceIndex piece) => DontHaves.Add((peer, piece));

    public void SendAllowedFast(PeerKey peer, PieceIndex piece) => AllowedFast.Add((peer, piece));

    public void SendUploadOnly(PeerKey peer, bool uploadOnly) => UploadOnly.Add((peer, uploadOnly));

    public void SendSuggest(PeerKey peer, PieceIndex piece) => Suggested.Add((peer, piece));

    public void SendChoke(PeerKey peer, bool choked) => Chokes.Add((peer, choked));

    public void SendInterest(PeerKey peer, bool interested) => Interests.Add((peer, interested));

    public void SendKeepAlive(PeerKey peer) => KeepAlives.Add(peer);

    public void SendRequest(PeerKey peer, PieceIndex piece, BlockIndex block, PieceBuffer buffer) => Requests.Add(new Asked(peer, piece, block, buffer));

    public void SendCancel(PeerKey peer, PieceIndex piece, BlockIndex block) => Cancels.Add((peer, piece, block));

    public void SendHashRequest(PeerKey peer, HashRequest request) => HashRequests.Add((peer, request));

    public List<(PeerKey Peer, BlockRequest Request)> LastBlocks { get; } = [];

    public void SendLastBlockRequest(PeerKey peer, BlockRequest request) => LastBlocks.Add((peer, request));

    public void SendMetadata(PeerKey peer, MetadataMessage message, ReadOnlyMemory<byte> data) => Metadata.Add((peer, message, data.ToArray()));

    public void MetadataKnown(TorrentInfo info) => Info = info;

    public void MetadataUnusable(MetainfoError error) => Unusable = error;

    public bool LayerKnown(FileIndex file)
    {
        Layers.Add(file);
        return Holds;
    }

    /// <summary>Whether the store looks for a file's pieces first.</summary>
    public bool Holds { get; set; }

    public void StorePiece(PieceIndex piece, PieceBuffer buffer) => Stores.Add((piece, buffer));

    public List<(PieceIndex Piece, PieceBuffer Buffer, PieceLeaves? Leaves)> Runs { get; } = [];

    public List<PieceIndex> Entered { get; } = [];

    public void StoreRun(PieceIndex piece, PieceBuffer buffer, PieceLeaves? leaves) => Runs.Add((piece, buffer, leaves));

    public void EnterPiece(PieceIndex piece) => Entered.Add(piece);

    public void PieceArrived(PieceIndex piece, PeerKey giver) => Arrived.Add(piece);

    public void Completed() => Completions++;
}
