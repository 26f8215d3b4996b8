using Shoal.Core;
using Shoal.Core.Metainfo;
using Shoal.Engine.Peers;
using Shoal.Wire.Extensions;

namespace Shoal.Engine.Metadata;

/// <summary>The info dictionary among peers: fetched from them until it is known, and given to them from then on. BEP 9.</summary>
/// <param name="peers">Those connected, as they come and go.</param>
internal sealed class MetadataExchange(InfoHash infoHash, SwarmOptions options, ISwarmEffects effects, IReadOnlyCollection<Peer> peers)
{
    private readonly MetadataFetch _fetch = new(infoHash);
    private bool _isUnusable;

    /// <summary>Known once it came from peers, or with the content.</summary>
    public TorrentInfo? Info { get; set; }

    /// <returns>False if the peer lied.</returns>
    public bool OnMessage(Peer peer, SwarmEvent.MetadataReceived e, TimeSpan now)
    {
        switch (e.Message.Type)
        {
            case MetadataMessageType.Request:
                Answer(peer, e.Message.Piece);
                return true;
            case MetadataMessageType.Reject when Info is null:
                _fetch.OnRejected(peer.Key);
                Ask(now);
                return true;
            case MetadataMessageType.Data when Info is null:
                var outcome = _fetch.OnData(peer.Key, e.Message, e.Data, now, out var next, out var bytes);
                foreach (var piece in next) Request(peer, piece);
                if (outcome == MetadataOutcome.Whole) OnWhole(bytes!);
                return outcome != MetadataOutcome.Wrong;
            default:
                return true;
        }
    }

    /// <summary>Asks another peer, if nobody that was asked gives.</summary>
    public void Ask(TimeSpan now)
    {
        if (Info is not null || _isUnusable) return;

        foreach (var peer in peers.OrderBy(p => _fetch.TimesAsked(p.Key)))
        {
            if (!_fetch.HasRoom(now, options.QuestionTimeout)) return;
            if (peer.Extensions is not { } extensions || !_fetch.CanAsk(peer.Key, extensions)) continue;

            foreach (var piece in _fetch.Begin(peer.Key, extensions.MetadataSize, now)) Request(peer, piece);
        }
    }

    public void Forget(Peer peer) => _fetch.Forget(peer.Key);

    private void OnWhole(byte[] bytes)
    {
        _fetch.Clear();
        var error = TorrentInfoReader.Read(bytes, out var info);
        if (error != MetainfoError.None)
        {
            _isUnusable = true;
            effects.MetadataUnusable(error);
            return;
        }

        Info = info!;
        effects.MetadataKnown(info);
    }

    private void Answer(Peer peer, int piece)
    {
        var size = Info?.Bytes.Length ?? 0;
        var start = (long)piece * MetadataMessage.PieceLength;
        if (start >= size)
        {
            effects.SendMetadata(peer.Key, new MetadataMessage(MetadataMessageType.Reject, piece, 0), default);
            return;
        }

        var data = Info!.Bytes[(int)start..(int)Math.Min(size, start + MetadataMessage.PieceLength)];
        effects.SendMetadata(peer.Key, new MetadataMessage(MetadataMessageType.Data, piece, size), data);
    }

    private void Request(Peer peer, int piece) =>
        effects.SendMetadata(peer.Key, new MetadataMessage(MetadataMessageType.Request, piece, 0), default);
}
