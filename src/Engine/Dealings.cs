using Shoal.Core.Geometry;
using Shoal.Engine.Peers;
using Shoal.Engine.WebSeeds;
using Shoal.Wire;

namespace Shoal.Engine;

/// <summary>What we take from each peer and give it: interest and requests, slots, suggestions and pieces allowed fast. BEP 3, 6, 21.</summary>
internal sealed class Dealings(SwarmOptions options, SwarmContent content, Neighbours neighbours, WebSeedList webSeeds, Random random, ISwarmEffects effects)
{
    private readonly Choker _choker = new(options, random);
    private TimeSpan _restsUntil;

    public int UploadSlots => _choker.Slots;

    private IReadOnlyCollection<Peer> Peers => neighbours.Connected;

    /// <summary>Nothing is asked for until then.</summary>
    public void Rest(TimeSpan until) => _restsUntil = until;

    /// <summary>Two who want nothing have nothing to say to each other (BEP 21).</summary>
    public bool DropIfUseless(Peer peer)
    {
        if (!content.OnlyGives || !peer.OnlyGives || content.Have!.Length == 0) return false; // without pieces there is still the metadata to give

        effects.Close(peer.Key, CloseReason.NothingToDo);
        return true;
    }

    public void UpdateInterest(Peer peer)
    {
        var interested = content.Wants && content.Wishes?.AreServedBy(peer) == true;
        if (interested == peer.AmInterested) return;

        peer.AmInterested = interested;
        effects.SendInterest(peer.Key, interested);
    }

    public void Ask(Peer peer, TimeSpan now)
    {
        if (content.Downloads is not { } downloads || !content.Wants || !peer.MayBeAsked || !peer.AmInterested || now < _restsUntil) return;
        if (peer.WebSeed is not null && !webSeeds.AreNeeded) return;

        downloads.Ask(peer, now);
    }

    public void AskAll(TimeSpan now)
    {
        foreach (var peer in Peers) Ask(peer, now);
    }

    public void DealSlots(TimeSpan now)
    {
        if (content.Have is null) return;

        foreach (var (peer, choke) in _choker.Decide(Peers, content.IsComplete, now))
        {
            peer.AmChoking = choke;
            if (choke) content.Suggestions?.Forget(peer.Key);
            else peer.UnchokedAt = now;
            Suggest(peer); // first, so that it begins with that
            effects.SendChoke(peer.Key, choke);
        }
    }

    /// <summary>A seed has several downloaders begin with different pieces, which they can then give each other.</summary>
    public void Suggest(Peer peer)
    {
        if (content.Have is not { IsFull: true } || peer.AmChoking || !peer.Handshake.HasFast || Peers.Count(p => p.IsInterested) < 2) return;

        foreach (var piece in content.Suggestions!.Next(peer.Key, content.Downloads!.Availability, peer.Upload.BytesPerSecond)) effects.SendSuggest(peer.Key, piece);
    }

    /// <summary>A peer that has next to nothing need not wait for its turn with a few pieces that are common already (BEP 6).</summary>
    public void OfferFast(Peer peer, int pieceLength)
    {
        if (!options.Upload || !peer.Handshake.HasFast || peer.Has is not { Count: < AllowedFast.Largest } has) return;

        var have = content.Have!;
        var seeds = Peers.Count(p => p.IsSeed);
        foreach (var piece in AllowedFast.SetOf(peer.EndPoint, peer.Handshake.Key, have.Length, AllowedFast.SizeFor(pieceLength)))
        {
            if (have[piece] && !has[piece] && content.Downloads!.Availability[piece] + seeds >= AllowedFast.Common) effects.SendAllowedFast(peer.Key, piece);
        }
    }
}
