using Shoal.Core.Geometry;
using Shoal.Engine.Metadata;
using Shoal.Engine.Peers;
using Shoal.Wire;

namespace Shoal.Engine;

/// <summary>What peers say: what it changes in what we know of them, and what is done about it at once. BEP 3, 6, 9, 10, 11, 21, 52, 54.</summary>
/// <param name="ban">Never again.</param>
internal sealed class Conversation(SwarmContent content, Dealings dealings, Neighbours neighbours, MetadataExchange metadata, PeerExchange exchange, ISwarmEffects effects, Action<Peer, TimeSpan> ban)
{
    private const int MostSuggested = 64;

    /// <summary>Blocks that came twice, or were worthless, in bytes.</summary>
    public long Wasted { get; private set; }

    public void Handle(SwarmEvent e, TimeSpan now)
    {
        switch (e)
        {
            case SwarmEvent.ChokeChanged m when Find(m.Peer, now) is { } peer:
                peer.IsChoking = m.Choked;
                peer.ForgetRefusals();
                if (metadata.Info is null) metadata.Ask(now);
                if (m.Choked && !peer.Handshake.HasFast) content.Downloads?.ReleaseAll(peer); // with BEP 6 each request is rejected one by one
                dealings.Ask(peer, now);
                break;
            case SwarmEvent.InterestChanged m when Find(m.Peer, now) is { } peer:
                peer.IsInterested = m.Interested;
                dealings.DealSlots(now);
                break;
            case SwarmEvent.PeerHas m when Find(m.Peer, now) is { } peer:
                OnHas(peer, m, now);
                break;
            case SwarmEvent.PeerBitfield m when Find(m.Peer, now) is { } peer:
                OnBitfield(peer, m, now);
                break;
            case SwarmEvent.PieceSuggested m when Find(m.Peer, now) is { } peer:
                if (content.Have is not null && (uint)m.Piece < (uint)content.Have.Length && peer.Suggested.Count < MostSuggested) peer.Suggested.Enqueue(new PieceIndex(m.Piece));
                break;
            case SwarmEvent.PieceAsked m when Find(m.Peer, now) is { } peer:
                content.Suggestions?.OnAsked(peer.Key, m.Piece);
                dealings.Suggest(peer);
                break;
            case SwarmEvent.BlocksReceived m when Find(m.Peer, now) is { } peer:
                content.Downloads?.OnReceived(peer, m, now);
                dealings.Ask(peer, now);
                break;
            case SwarmEvent.BlocksReceived m:
                content.Downloads?.OnRefused(m);
                break;
            case SwarmEvent.KeptAlive m:
                Find(m.Peer, now);
                break;
            case SwarmEvent.BlockWasted m when Find(m.Peer, now) is { } peer:
                Wasted += m.Bytes;
                content.Downloads?.OnWasted(peer, m, now);
                dealings.Ask(peer, now);
                break;
            case SwarmEvent.PeerLost m when Find(m.Peer, now) is { } peer:
                OnPeerLost(peer, m, now);
                break;
            case SwarmEvent.FastAllowed m when Find(m.Peer, now) is { } peer:
                OnFastAllowed(peer, m, now);
                break;
            case SwarmEvent.UploadOnlyChanged m when Find(m.Peer, now) is { } peer:
                peer.IsUploadOnly = m.UploadOnly;
                dealings.DropIfUseless(peer);
                break;
            case SwarmEvent.RequestRejected m when Find(m.Peer, now) is { } peer:
                if (peer.IsChoking) peer.Disallow(m.Piece);
                content.Downloads?.OnRejected(peer, m.Piece, m.Block, now);
                dealings.AskAll(now);
                break;
            case SwarmEvent.ExtensionsKnown m when Find(m.Peer, now) is { } peer:
                peer.Extensions = m.Extensions;
                peer.Client = m.Extensions.Client ?? peer.Client;
                peer.Window.Limit(m.Extensions.RequestQueue);
                neighbours.OnListens(peer, m.Extensions.ListenPort);
                neighbours.OnSeen(peer, m.Extensions.YourAddress);
                peer.IsUploadOnly = m.Extensions.UploadOnly;
                if (dealings.DropIfUseless(peer)) break;
                metadata.Ask(now);
                break;
            case SwarmEvent.MetadataReceived m when Find(m.Peer, now) is { } peer:
                if (!metadata.OnMessage(peer, m, now)) ban(peer, now);
                break;
            case SwarmEvent.PeersTold m when Find(m.Peer, now) is { } peer:
                if (exchange.OnMessage(peer, m.Message, metadata.Info?.IsPrivate, now) is var reason and not CloseReason.None) effects.Close(peer.Key, reason);
                neighbours.ConnectMore(content.Wants, now);
                break;
            case SwarmEvent.LastBlockReceived m when Find(m.Peer, now) is { } peer:
                BanAll(metadata.OnLastBlock(peer, m, now), now);
                break;
            case SwarmEvent.HashesReceived m when Find(m.Peer, now) is { } peer:
                OnHashes(peer, m, now);
                break;
            case SwarmEvent.HashesRejected m when Find(m.Peer, now) is { } peer:
                metadata.OnHashesRejected(peer, now);
                content.Hashes?.OnRejected(peer, m, now);
                break;
            case SwarmEvent.Uploaded m when neighbours.Find(m.Peer) is { } peer:
                if (m.Total > peer.Upload.Total) peer.LastSent = now;
                peer.Upload.Add(m.Total - peer.Upload.Total);
                break;
        }
    }

    private Peer? Find(PeerKey key, TimeSpan now)
    {
        var peer = neighbours.Find(key);
        if (peer is not null) peer.LastHeard = now;
        return peer;
    }

    /// <summary>What a peer says of pieces before the piece space is known is kept until it is.</summary>
    private bool IsTooEarly(Peer peer, SwarmEvent e)
    {
        if (content.Downloads is not null) return false;

        if (!peer.TryRemember(e)) effects.Close(peer.Key, CloseReason.BadBitfield);
        return true;
    }

    /// <summary>A peer that names a piece that there is not is closed.</summary>
    private bool IsNoPiece(Peer peer, int piece)
    {
        if ((uint)piece < (uint)content.Have!.Length) return false;

        effects.Close(peer.Key, CloseReason.OutOfRange);
        return true;
    }

    private void OnGained(PieceIndex piece)
    {
        content.Downloads!.OnPeerGained(piece);
        content.Suggestions!.OnHas(piece);
    }

    private void OnHas(Peer peer, SwarmEvent.PeerHas e, TimeSpan now)
    {
        if (IsTooEarly(peer, e) || IsNoPiece(peer, e.Piece)) return;

        if (!peer.Gain(new PieceIndex(e.Piece), content.Have!.Length)) return;

        OnGained(new PieceIndex(e.Piece));
        if (dealings.DropIfUseless(peer)) return;

        dealings.UpdateInterest(peer);
        if (content.Hashes!.LacksLayers) content.Hashes.Ask(peer, now);
        dealings.Ask(peer, now);
    }

    private void OnBitfield(Peer peer, SwarmEvent.PeerBitfield e, TimeSpan now)
    {
        if (IsTooEarly(peer, e)) return;

        if (!peer.TryTake(e, content.Have!.Length, out var gained))
        {
            effects.Close(peer.Key, CloseReason.BadBitfield);
            return;
        }

        if (gained is null)
        {
            content.Downloads!.OnPeerSaid(peer);
            dealings.OfferFast(peer, metadata.Info!.Geometry.PieceLength);
        }

        foreach (var piece in gained ?? []) OnGained(piece);
        if (dealings.DropIfUseless(peer)) return;

        dealings.UpdateInterest(peer);
        content.Hashes!.Ask(peer, now);
        dealings.Ask(peer, now);
    }

    private void OnPeerLost(Peer peer, SwarmEvent.PeerLost e, TimeSpan now)
    {
        if (IsTooEarly(peer, e) || IsNoPiece(peer, e.Piece)) return;

        var wasUncounted = peer.Has is null;
        if (!peer.Lose(new PieceIndex(e.Piece), content.Have!.Length)) return;

        if (wasUncounted) content.Downloads!.OnPeerSaid(peer); // seeds are not counted piece by piece
        else content.Downloads!.OnPeerLost(new PieceIndex(e.Piece));
        if (!peer.Handshake.HasFast) content.Downloads!.ReleaseAll(peer); // with BEP 6 it rejects what it was asked for and has no longer
        dealings.UpdateInterest(peer);
        dealings.AskAll(now);
    }

    private void OnFastAllowed(Peer peer, SwarmEvent.FastAllowed e, TimeSpan now)
    {
        if (IsTooEarly(peer, e) || IsNoPiece(peer, e.Piece)) return;

        peer.Allow(new PieceIndex(e.Piece), content.Have!.Length);
        dealings.Ask(peer, now);
    }

    private void OnHashes(Peer peer, SwarmEvent.HashesReceived e, TimeSpan now)
    {
        if (!metadata.OnHashes(peer, e, now)) ban(peer, now);
        if (content.Hashes is null) return;

        BanAll(content.Hashes.OnHashes(peer, e, now, out var freed), now);
        if (freed) dealings.AskAll(now);
    }

    private void BanAll(IEnumerable<PeerKey> blamed, TimeSpan now)
    {
        foreach (var key in blamed)
        {
            if (neighbours.Find(key) is { } guilty) ban(guilty, now);
        }
    }
}
