using Shoal.Core;
using Shoal.Core.Metainfo;
using Shoal.Engine.Peers;
using Shoal.Wire.Extensions;

namespace Shoal.Engine.Metadata;

/// <summary>The info dictionary among peers: fetched from them until it is known, and given to them from then on. BEP 9.</summary>
/// <param name="name">What it is called; also whether that may be the name of a file or chunk.</param>
/// <param name="peers">Those connected, as they come and go.</param>
internal sealed class MetadataExchange(SwarmNames name, SwarmOptions options, ISwarmEffects effects, IReadOnlyCollection<Peer> peers)
{
    private readonly MetadataFetch _fetch = new(name.Id, name.MayBeRun);
    private readonly LengthClaims? _claims = name.MayBeRun ? new LengthClaims(name.Id.Value, name.ExactLength, options, effects) : null;
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
                if (outcome == MetadataOutcome.Claimed && !_claims!.TryAdd(peer, bytes!, now)) return false;
                if (outcome == MetadataOutcome.Claimed) Ask(now);
                return outcome != MetadataOutcome.Wrong;
            default:
                return true;
        }
    }

    /// <summary>Asks another peer, if nobody that was asked gives.</summary>
    public void Ask(TimeSpan now)
    {
        if (Info is not null || _isUnusable) return;

        _claims?.Advance(peers, now);
        foreach (var peer in peers.OrderBy(p => _fetch.TimesAsked(p.Key)))
        {
            if (!_fetch.HasRoom(now, options.QuestionTimeout)) return;
            if (peer.Extensions is not { } extensions || !_fetch.CanAsk(peer.Key, extensions)) continue;

            foreach (var piece in _fetch.Begin(peer.Key, extensions.MetadataSize, now)) Request(peer, piece);
        }
    }

    public void Forget(Peer peer)
    {
        _fetch.Forget(peer.Key);
        _claims?.Forget(peer);
    }

    /// <summary>The path of a last block, while the length is a claim.</summary>
    /// <returns>False if the peer lied.</returns>
    public bool OnHashes(Peer peer, SwarmEvent.HashesReceived e, TimeSpan now) => Info is not null || _claims is null || _claims.OnHashes(peer, e, now);

    public void OnHashesRejected(Peer peer, TimeSpan now) => _claims?.OnRejected(peer, now);

    /// <summary>A peer proves the length that it claims, or fails to.</summary>
    /// <returns>Those that lied.</returns>
    public IReadOnlyList<PeerKey> OnLastBlock(Peer peer, SwarmEvent.LastBlockReceived e, TimeSpan now)
    {
        if (Info is not null || _claims is null) return [];
        if (e.Block is null)
        {
            _claims.OnRejected(peer, now);
            return [];
        }

        if (!_claims.OnLastBlock(peer, e.Block, out var proven)) return [peer.Key];

        var liars = _claims.Against(proven!);
        _claims.Clear();
        Learn(proven!);
        return liars;
    }

    private void OnWhole(byte[] bytes)
    {
        var error = TorrentInfoReader.Read(bytes, out var info);
        if (error != MetainfoError.None)
        {
            _isUnusable = true;
            effects.MetadataUnusable(error);
            return;
        }

        Learn(info);
    }

    private void Learn(TorrentInfo info)
    {
        _fetch.Clear();
        Info = info;
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
