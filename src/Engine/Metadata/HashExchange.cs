using Shoal.Core;
using Shoal.Core.Metainfo;
using Shoal.Engine.Peers;
using Shoal.Engine.Picking;

namespace Shoal.Engine.Metadata;

/// <summary>Questions for hashes: piece layers that came without the info dictionary, and leaves that tell which blocks of a piece are wrong. BEP 52.</summary>
/// <param name="picker">Fetches the layers; null if there are none to fetch.</param>
/// <param name="peers">Those connected, as they come and go.</param>
/// <param name="v1">The key of the v1 swarm, if there is one: what its peers say and know has no hashes in it.</param>
internal sealed class HashExchange(HashPicker? picker, Hash160? v1, Downloads downloads, SwarmOptions options, ISwarmEffects effects, IReadOnlyCollection<Peer> peers)
{
    /// <summary>Whether piece layers are missing that are to be fetched.</summary>
    public bool LacksLayers => picker is { IsDone: false };

    public void Ask(TimeSpan now)
    {
        foreach (var peer in peers) Ask(peer, now);
    }

    public void Ask(Peer peer, TimeSpan now)
    {
        if (peer.Handshake.Key == v1) return;

        if (picker is { IsDone: false })
        {
            foreach (var request in picker.Pick(peer, now)) effects.SendHashRequest(peer.Key, request);
        }

        foreach (var request in downloads.PickLeaves(peer, now, options.QuestionTimeout)) effects.SendHashRequest(peer.Key, request);
    }

    /// <param name="freed">Whether there may be more blocks to ask for now.</param>
    /// <returns>Peers to blame.</returns>
    public IReadOnlyCollection<PeerKey> OnHashes(Peer peer, SwarmEvent.HashesReceived e, TimeSpan now, out bool freed)
    {
        freed = true;
        if (downloads.OnLeaves(peer, e.Request, e.Hashes) is { } blamed) return blamed;

        freed = false;
        if (picker is null) return [];
        if (!picker.OnHashes(peer, e.Request, e.Hashes, out var completed)) return [peer.Key];

        foreach (var file in completed)
        {
            if (!effects.LayerKnown(file)) downloads.OnLayerKnown(file);
        }

        Ask(peer, now);
        freed = completed.Count > 0;
        return [];
    }

    public void OnRejected(Peer peer, SwarmEvent.HashesRejected e, TimeSpan now)
    {
        if (!downloads.OnLeavesRejected(peer, e.Request)) picker?.OnRejected(peer, e.Request, now);
        Ask(now);
    }
}
