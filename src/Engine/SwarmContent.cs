using Shoal.Core;
using Shoal.Core.Metainfo;
using Shoal.Engine.Buffers;
using Shoal.Engine.Metadata;
using Shoal.Engine.Peers;
using Shoal.Engine.Picking;

namespace Shoal.Engine;

/// <summary>The content of a swarm, once it is open: what is there, what is wanted, and what is on its way.</summary>
internal sealed class SwarmContent(SwarmOptions options, PieceBufferPool buffers, Random random, ISwarmEffects effects, Neighbours neighbours)
{
    private TorrentInfo? _info;

    public PieceLayers? Layers { get; private set; }

    /// <summary>What we have; null while the content is not open.</summary>
    public Bitfield? Have { get; private set; }

    public Wishes? Wishes { get; private set; }

    public Downloads? Downloads { get; private set; }

    public Suggestions? Suggestions { get; private set; }

    public HashExchange? Hashes { get; private set; }

    /// <summary>Whether what is missing is fetched.</summary>
    public bool Fetches { get; private set; } = true;

    /// <summary>Whether all that is wanted is there.</summary>
    public bool IsComplete => Wishes is { IsDone: true };

    /// <summary>Whether anything is missing that is to be fetched.</summary>
    public bool Wants => Fetches && !IsComplete;

    /// <summary>Whether we are a seed, or want no more than we have (BEP 21).</summary>
    public bool OnlyGives => Have is not null && !Wants;

    /// <summary>The content is opened, or opened anew, perhaps another copy of it: what was under way belongs to the old one.</summary>
    public void Open(SwarmEvent.ContentOpened e)
    {
        CloseDownloads();
        (_info, Layers, Have, Fetches) = (e.Info, e.Layers, new Bitfield(e.Have), e.Fetch);
        Wishes = new Wishes(Have, e.Only?.Pieces);
        Downloads = new Downloads(e.Info, e.Layers, Have, Wishes, buffers, random, effects, neighbours.ByKey, options.QuestionTimeout);
        Suggestions = new Suggestions(e.Info.Geometry, random);
        LookForHashes();
    }

    /// <summary>Somebody wants pieces otherwise.</summary>
    public void OnWished(SwarmEvent e)
    {
        var wanted = Wishes!.Wanted.Count;
        if (e is SwarmEvent.Prioritized p) Downloads!.Prioritize(p.Range, p.Priority);
        if (e is SwarmEvent.Preferred d) Downloads!.Prefer(d.Range, d.At);
        if (e is SwarmEvent.OrderChosen o) Downloads!.IsInOrder = o.InOrder;
        if (Layers!.Missing == 0 || Wishes.Wanted.Count <= wanted) return;

        foreach (var peer in neighbours.Connected) peer.OpenQuestions = 0;
        LookForHashes();
    }

    private void CloseDownloads()
    {
        if (Downloads is null) return;

        foreach (var peer in neighbours.Connected)
        {
            Downloads.Forget(peer);
            peer.OpenQuestions = 0;
        }

        Downloads.Close();
    }

    private void LookForHashes()
    {
        var picker = Layers!.Missing > 0 && Wants ? new HashPicker(_info!, Layers, Wishes!.Wanted, options.QuestionTimeout) : null;
        Hashes = new HashExchange(picker, _info!.InfoHashV1, Downloads!, options, effects, neighbours.Connected);
    }
}
