using System.Buffers;
using System.Buffers.Binary;
using Shoal.Core;
using Shoal.Core.Geometry;
using Shoal.Engine.Encryption;
using Shoal.Engine.Serving;
using Shoal.Wire;
using Shoal.Wire.Extensions;

namespace Shoal.Engine;

/// <summary>What a swarm says to a peer, put into messages. BEP 3, 5, 6, 9, 10, 11, 21, 52, 54.</summary>
internal static class PeerMessages
{
    public static void SendExtensions(this PeerSession session, EngineOptions options, Introduction introduction)
    {
        if (!session.Handshake.HasExtensions) return;

        var hello = new ExtensionHandshake
        {
            MetadataId = PeerSession.OurMetadataId,
            MetadataSize = introduction.MetadataSize,
            DontHaveId = PeerSession.OurDontHaveId,
            UploadOnlyId = PeerSession.OurUploadOnlyId,
            UploadOnly = introduction.UploadOnly,
            YourAddress = session.Connection.Transport.RemoteEndPoint,
            PexId = introduction.TakesPex ? PeerSession.OurPexId : 0,
            PrefersEncryption = options.Encryption is EncryptionMode.Prefer or EncryptionMode.Require,
            Client = options.Client,
            ListenPort = options.ListenPort,
            RequestQueue = UploadQueue.Capacity / 2,
        };
        session.Connection.Send(hello, static (output, h) =>
        {
            var body = new ArrayBufferWriter<byte>(128);
            h.Write(body);
            MessageWriter.WriteExtended(output, 0, body.WrittenSpan);
        });
    }

    /// <summary>What we have, and where our DHT node is.</summary>
    public static void SendBitfield(this PeerSession session, Bitfield? have, int dhtPort)
    {
        var fast = session.Handshake.HasFast;
        if (have is { IsFull: true } && fast) session.Connection.Send(MessageType.HaveAll, MessageWriter.Write);
        else if (have is { IsEmpty: false }) session.Connection.Send(have, MessageWriter.WriteBitfield);
        else if (fast) session.Connection.Send(MessageType.HaveNone, MessageWriter.Write);
        if (dhtPort != 0 && session.Handshake.HasDht) session.Connection.Send(dhtPort, MessageWriter.WritePort);
    }

    public static void SendHave(this PeerSession session, PieceIndex piece) => session.Connection.Send(piece.Value, MessageWriter.WriteHave);

    public static void SendDontHave(this PeerSession session, PieceIndex piece)
    {
        if (session.TheirDontHaveId == 0) return;

        session.Connection.Send((session.TheirDontHaveId, piece), static (output, m) =>
        {
            Span<byte> index = stackalloc byte[sizeof(int)];
            BinaryPrimitives.WriteInt32BigEndian(index, m.piece);
            MessageWriter.WriteExtended(output, m.TheirDontHaveId, index);
        });
    }

    public static void SendUploadOnly(this PeerSession session, bool uploadOnly)
    {
        if (session.TheirUploadOnlyId != 0)
            session.Connection.Send((session.TheirUploadOnlyId, uploadOnly), static (output, m) => MessageWriter.WriteExtended(output, m.TheirUploadOnlyId, [m.uploadOnly ? (byte)1 : (byte)0]));
    }

    public static void SendAllowedFast(this PeerSession session, PieceIndex piece, int pieceLength)
    {
        if (!session.Handshake.HasFast) return;

        session.AllowFast(piece, pieceLength);
        session.Connection.Send(piece.Value, MessageWriter.WriteAllowedFast);
    }

    public static void SendSuggest(this PeerSession session, PieceIndex piece) => session.Connection.Send(piece.Value, MessageWriter.WriteSuggest);

    public static void SendInterest(this PeerSession session, bool interested) =>
        session.Connection.Send(interested ? MessageType.Interested : MessageType.NotInterested, MessageWriter.Write);

    public static void SendKeepAlive(this PeerSession session) => session.Connection.Send(0, static (output, _) => MessageWriter.WriteKeepAlive(output));

    /// <param name="type">A request or its cancel.</param>
    public static void SendBlockMessage(this PeerSession session, MessageType type, TorrentGeometry geometry, PieceIndex piece, BlockIndex block)
    {
        var request = new BlockRequest(piece, block * TorrentGeometry.BlockLength, geometry.LengthOf(piece, block));
        session.Connection.Send((type, request), static (output, m) => MessageWriter.WriteRequest(output, m.type, m.request));
    }

    public static void SendHashRequest(this PeerSession session, HashRequest request)
    {
        session.ExpectHashes();
        session.Connection.Send(request, static (output, r) => MessageWriter.WriteHashes(output, MessageType.HashRequest, r));
    }

    public static void SendLastBlockRequest(this PeerSession session, BlockRequest request)
    {
        session.ExpectProof(request);
        session.Connection.Send(request, static (output, r) => MessageWriter.WriteRequest(output, MessageType.Request, r));
    }

    public static void SendPeers(this PeerSession session, PexMessage message)
    {
        if (session.TheirPexId == 0) return;

        session.Connection.Send((session.TheirPexId, message), static (output, m) =>
        {
            var body = new ArrayBufferWriter<byte>(512);
            m.message.Write(body);
            MessageWriter.WriteExtended(output, m.TheirPexId, body.WrittenSpan);
        });
    }

    public static void SendMetadata(this PeerSession session, MetadataMessage message, ReadOnlyMemory<byte> data)
    {
        if (session.TheirMetadataId == 0) return;

        if (message.Type == MetadataMessageType.Request) session.ExpectMetadata();
        session.Connection.Send((session.TheirMetadataId, message, data), static (output, m) =>
        {
            var head = new ArrayBufferWriter<byte>(64);
            m.message.Write(head);
            MessageWriter.WriteExtended(output, m.TheirMetadataId, head.WrittenSpan, m.data.Span);
        });
    }
}
