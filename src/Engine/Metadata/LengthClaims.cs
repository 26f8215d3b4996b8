using Shoal.Core;
using Shoal.Core.Geometry;
using Shoal.Core.Merkle;
using Shoal.Core.Metainfo;
using Shoal.Engine.Peers;
using Shoal.Wire;

namespace Shoal.Engine.Metadata;

/// <summary>
/// What peers say a bare ID is: a canonical torrent that rebuilds from (R, L), where R leads to the ID. The ID proves R, and nothing proves L yet, as a tree does not tell leaves from nodes. So
/// each peer that claims a length has to prove it itself: with the path from the last block to the root, beyond which all is padding, and with that block. Whoever fails is blamed alone, and the
/// first that succeeds settles it for all.
/// </summary>
/// <param name="id">The name of a torrent, a file or a chunk.</param>
/// <param name="exactLength">What the link says the length is; null if it does not.</param>
internal sealed class LengthClaims(Hash256 id, long? exactLength, SwarmOptions options, ISwarmEffects effects)
{
    private readonly Dictionary<PeerKey, Claim> _claims = [];

    /// <summary>A peer gave an info dictionary that the ID does not name as a torrent.</summary>
    /// <returns>False if it is not what the ID names as a file or chunk either: a lie.</returns>
    public bool TryAdd(Peer peer, byte[] bytes, TimeSpan now)
    {
        if (!CanonicalTorrent.TryRead(bytes, out var info) || !CanonicalTorrent.IsNamed(info, id)) return false;
        if (MerkleTree.BlockCount(info.Length) > int.MaxValue) return true; // no message has numbers for its blocks
        if (exactLength is { } length ? info.Length != length : info.Length == CanonicalTorrent.AmbiguousLength) return true; // refused, and perhaps true

        var claim = new Claim(info);
        _claims[peer.Key] = claim;
        peer.AmInterested = true;
        effects.SendInterest(peer.Key, true);
        Advance(peer, claim, now);
        return true;
    }

    public void Forget(Peer peer) => _claims.Remove(peer.Key);

    public void Clear() => _claims.Clear();

    /// <summary>Asks each claimant for what is still to come of its proof.</summary>
    public void Advance(IEnumerable<Peer> peers, TimeSpan now)
    {
        if (_claims.Count == 0) return;

        foreach (var peer in peers)
        {
            if (_claims.TryGetValue(peer.Key, out var claim)) Advance(peer, claim, now);
        }
    }

    /// <returns>False if the path does not prove what the peer claims.</returns>
    public bool OnHashes(Peer peer, SwarmEvent.HashesReceived e, TimeSpan now)
    {
        if (!_claims.TryGetValue(peer.Key, out var claim) || claim.Leaf is not null || e.Request != claim.Path) return true;

        claim.Leaf = claim.LeafOf(e.Hashes);
        if (claim.Leaf is null) return false;

        claim.NotBefore = now;
        Advance(peer, claim, now);
        return true;
    }

    /// <summary>It cannot say now, and may be able to later.</summary>
    public void OnRejected(Peer peer, TimeSpan now)
    {
        if (_claims.TryGetValue(peer.Key, out var claim)) claim.NotBefore = now + options.QuestionTimeout;
    }

    /// <summary>The last block came.</summary>
    /// <param name="proven">The torrent, if it is the block that the path led from.</param>
    /// <returns>False if it is another, or the peer claims nothing.</returns>
    public bool OnLastBlock(Peer peer, ReadOnlySpan<byte> block, out TorrentInfo? proven)
    {
        proven = _claims.TryGetValue(peer.Key, out var claim) && claim.Leaf == Hash.Sha256(block) ? claim.Info : null;
        return proven is not null;
    }

    /// <summary>Those that claim another length than the true one.</summary>
    public IReadOnlyList<PeerKey> Against(TorrentInfo proven) => [.. _claims.Where(c => c.Value.Info.InfoHash != proven.InfoHash).Select(c => c.Key)];

    private void Advance(Peer peer, Claim claim, TimeSpan now)
    {
        if (now < claim.NotBefore) return;

        if (claim.Leaf is null)
        {
            effects.SendHashRequest(peer.Key, claim.Path!.Value);
            claim.NotBefore = now + 2 * options.QuestionTimeout;
        }
        else if (!peer.IsChoking && claim.IsHeldBy(peer))
        {
            effects.SendLastBlockRequest(peer.Key, claim.LastBlock);
            claim.NotBefore = now + 10 * options.QuestionTimeout; // it may be slow, or never answer: the others are asked all the while
        }
    }

    private sealed class Claim
    {
        private SwarmEvent? _heard;
        private bool _isHeld;

        public Claim(TorrentInfo info)
        {
            Info = info;
            var geometry = info.Geometry;
            var piece = new PieceIndex(geometry.PieceCount - 1);
            var block = new BlockIndex(geometry.BlockCountOf(piece) - 1);
            LastBlock = new BlockRequest(piece, block * TorrentGeometry.BlockLength, geometry.LengthOf(piece, block));
            if (Height == 0) Leaf = info.Files[0].Id.Value; // the block is all there is
            else Path = new HashRequest(info.Files[0].Id, new HashRange(0, Last / 2 * 2, 2, Height - 1));
        }

        public TorrentInfo Info { get; }

        public BlockRequest LastBlock { get; }

        /// <summary>What to ask for the path of the last block; null if there is none.</summary>
        public HashRequest? Path { get; }

        /// <summary>The hash of the last block, once its path is proven.</summary>
        public Hash256? Leaf { get; set; }

        public TimeSpan NotBefore { get; set; } = TimeSpan.MinValue;

        private int Height => Info.Geometry.TreeHeight(default);

        private int Last => (int)(MerkleTree.BlockCount(Info.Length) - 1);

        /// <summary>Whether the peer has said that it has the last piece.</summary>
        public bool IsHeldBy(Peer peer)
        {
            if (_isHeld || peer.Early.Count == 0 || ReferenceEquals(_heard, peer.Early[^1])) return _isHeld;

            _heard = peer.Early[^1];
            var (piece, count) = (LastBlock.Piece, Info.Geometry.PieceCount);
            return _isHeld = peer.Early.Any(e => e switch
            {
                SwarmEvent.PeerHas has => has.Piece == piece,
                SwarmEvent.PeerBitfield { Bits: { } bits } => Bitfield.TryRead(bits, count, out var pieces) && pieces[piece],
                SwarmEvent.PeerBitfield all => all.All,
                _ => false,
            });
        }

        /// <returns>Null if the path does not lead to the root, or if anything but padding follows.</returns>
        public Hash256? LeafOf(ReadOnlySpan<byte> hashes)
        {
            if (!Path!.Value.Range.Proves(hashes, Info.Files[0].Id.Value, Height)) return null;

            var isLeft = Last % 2 == 0;
            if (isLeft && !IsPadding(hashes[Hash256.Length..], 0)) return null;

            var uncles = hashes[(2 * Hash256.Length)..];
            for (int height = 1, position = Last / 2; uncles.Length > 0; height++, position /= 2, uncles = uncles[Hash256.Length..])
            {
                if (position % 2 == 0 && !IsPadding(uncles, height)) return null;
            }

            return new Hash256(hashes.Slice(isLeft ? 0 : Hash256.Length, Hash256.Length));
        }

        private static bool IsPadding(ReadOnlySpan<byte> hashes, int height) => hashes[..Hash256.Length].SequenceEqual(MerkleTree.PadHash(height));
    }
}
