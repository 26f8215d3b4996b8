using Shoal.Core;
using Shoal.Core.Geometry;
using Shoal.Core.Merkle;
using Shoal.Core.Metainfo;
using Shoal.Engine.Peers;
using Shoal.Wire;

namespace Shoal.Engine.Metadata;

/// <summary>Gets the piece layers that the metainfo did not bring, range by range, each proven against its file's root (BEP 52, hash request).</summary>
internal sealed class HashPicker
{
    private const int MaxPerPeer = 8;
    private const int SilenceLasts = 5; // times our patience

    private readonly TorrentInfo _info;
    private readonly PieceLayers _layers;
    private readonly TimeSpan _patience;
    private readonly LinkedList<Wanted> _wanted = new();
    private readonly Dictionary<HashRequest, LinkedListNode<Wanted>> _byRequest = [];
    private readonly Dictionary<(FileId, long Length), Plan> _plans = [];
    private readonly int _atOnce;
    private readonly bool _mayBeInPart;

    /// <param name="wanted">The pieces to be fetched: layers of other files are not asked for.</param>
    public HashPicker(TorrentInfo info, PieceLayers layers, Bitfield wanted, TimeSpan patience)
    {
        (_info, _layers, _patience) = (info, layers, patience);
        _mayBeInPart = CanonicalTorrent.Is(info);
        for (var i = 0; i < info.Files.Count; i++)
        {
            var file = new FileIndex(i);
            if (!layers.IsKnown(file) && HasAny(wanted, file)) Want(file);
        }

        _atOnce = _wanted.Count <= MaxPerPeer ? 2 : 1; // everything waits for so little that nobody's silence should hold it up
    }

    public bool IsDone => _wanted.Count == 0;

    /// <summary>What to ask a peer for now.</summary>
    public IEnumerable<HashRequest> Pick(Peer peer, TimeSpan now)
    {
        if (peer.Has is { IsEmpty: true }) yield break;

        for (var node = _wanted.First; node is not null && peer.OpenQuestions < MaxPerPeer; node = node.Next)
        {
            var wanted = node.Value;
            var isOpen = wanted.AskedAt is { } at && now - at < _patience;
            if ((isOpen && wanted.Askers >= _atOnce) || (wanted.NotBefore.TryGetValue(peer.Key, out var until) && now < until) || !HasAny(peer, wanted.File)) continue;

            wanted.Askers = isOpen ? wanted.Askers + 1 : 1;
            if (!isOpen) wanted.AskedAt = now;
            wanted.NotBefore[peer.Key] = now + _patience * SilenceLasts;
            peer.OpenQuestions++;
            yield return wanted.Request;
        }
    }

    /// <summary>Takes an answer.</summary>
    /// <param name="completed">The files whose layer is whole now: more than one if the same bytes have several names.</param>
    /// <returns>False if the answer does not prove itself.</returns>
    public bool OnHashes(Peer peer, HashRequest request, ReadOnlySpan<byte> hashes, out IReadOnlyList<FileIndex> completed)
    {
        completed = [];
        peer.OpenQuestions = Math.Max(0, peer.OpenQuestions - 1);
        if (!_byRequest.TryGetValue(request, out var node)) return true; // another peer was faster

        var wanted = node.Value;
        if (!request.Range.Proves(hashes, _info.Files[wanted.File].Id.Value, _info.Geometry.TreeHeight(wanted.File))) return false;

        _wanted.Remove(node);
        _byRequest.Remove(request);
        var plan = _plans[(request.File, _info.Files[wanted.File].Length)];
        var at = request.Range.Index * Hash256.Length;
        var length = Math.Min(request.Range.Length * Hash256.Length, plan.Layer.Length - at);
        hashes[..length].CopyTo(plan.Layer.AsSpan(at));
        if (--plan.Left == 0) completed = [.. plan.Files.Where(f => _layers.TrySet(f, plan.Layer))];
        return true;
    }

    /// <summary>The peer may have what it lacks later on. Of a canonical torrent it may know a part, since it may have one of a larger piece length in part: then each half is asked for.</summary>
    public void OnRejected(Peer peer, HashRequest request, TimeSpan now)
    {
        peer.OpenQuestions = Math.Max(0, peer.OpenQuestions - 1);
        if (!_byRequest.TryGetValue(request, out var node)) return;

        if (_mayBeInPart && TrySplit(node)) return;

        node.Value.NotBefore[peer.Key] = now + _patience * SilenceLasts;
        node.Value.AskedAt = null;
    }

    /// <summary>Two pieces is the least that a larger piece is.</summary>
    private bool TrySplit(LinkedListNode<Wanted> node)
    {
        var (wanted, range) = (node.Value, node.Value.Request.Range);
        if (range.Length <= 2) return false;

        var plan = _plans[(wanted.Request.File, _info.Files[wanted.File].Length)];
        _byRequest.Remove(wanted.Request);
        plan.Left--;
        for (var half = 0; half < 2; half++)
        {
            var part = new HashRange(range.BaseLayer, range.Index + half * range.Length / 2, range.Length / 2, _info.Geometry.TreeHeight(wanted.File) - range.BaseLayer - 1);
            if (part.Index * Hash256.Length >= plan.Layer.Length) continue; // padding

            var request = new HashRequest(wanted.Request.File, part);
            _byRequest[request] = _wanted.AddBefore(node, new Wanted(request, wanted.File));
            plan.Left++;
        }

        _wanted.Remove(node);
        return true;
    }

    private void Want(FileIndex file)
    {
        var geometry = _info.Geometry;
        var pieces = geometry.PieceCountOf(file);
        var (id, length) = (_info.Files[file].Id, _info.Files[file].Length);
        if (_plans.TryGetValue((id, length), out var plan))
        {
            plan.Files.Add(file);
            return;
        }

        _plans[(id, length)] = plan = new Plan(file, pieces);
        foreach (var range in HashRange.CoverLayer(geometry.PieceHeight, geometry.TreeHeight(file), pieces))
        {
            var request = new HashRequest(id, range);
            if (_byRequest.ContainsKey(request)) continue; // one of two lengths that claim one root; at most one of them is true

            _byRequest[request] = _wanted.AddLast(new Wanted(request, file));
            plan.Left++;
        }
    }

    private bool HasAny(Peer peer, FileIndex file)
    {
        if (!peer.HasSaid) return false;

        return peer.Has is null || HasAny(peer.Has, file);
    }

    private bool HasAny(Bitfield pieces, FileIndex file)
    {
        var first = _info.Geometry.FirstPiece(file);
        var next = pieces.NextSet(first);
        return next >= 0 && next < first + _info.Geometry.PieceCountOf(file);
    }

    private sealed class Wanted(HashRequest request, FileIndex file)
    {
        public HashRequest Request { get; } = request;

        public FileIndex File { get; } = file;

        public TimeSpan? AskedAt { get; set; }

        /// <summary>How many were asked since then.</summary>
        public int Askers { get; set; }

        /// <summary>When a peer that was asked, and was silent or refused, may be asked again.</summary>
        public Dictionary<PeerKey, TimeSpan> NotBefore { get; } = [];
    }

    private sealed class Plan(FileIndex file, int pieces)
    {
        public List<FileIndex> Files { get; } = [file];

        public byte[] Layer { get; } = new byte[pieces * Hash256.Length];

        public int Left { get; set; }
    }
}
