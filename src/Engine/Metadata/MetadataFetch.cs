using Shoal.Core;
using Shoal.Wire.Extensions;

namespace Shoal.Engine.Metadata;

/// <summary>
/// Gets the info dictionary (BEP 9). Each peer asked gives the whole of it, so that a lie has one author; a second is asked when the first is slow. Memory
/// grows with what has come, not with the size a peer claims.
/// </summary>
/// <param name="mayBeRun">Whether the name may be that of a file or chunk, so that what it does not name is a claim.</param>
internal sealed class MetadataFetch(InfoHash infoHash, bool mayBeRun = false)
{
    /// <summary>No larger info dictionary is fetched.</summary>
    public const int MaxSize = 128 * 1024 * 1024;

    private const int Pipeline = 16;
    private const int MaxSources = 3;

    private readonly Dictionary<PeerKey, Source> _sources = [];
    private readonly HashSet<PeerKey> _refused = [];
    private readonly Dictionary<PeerKey, int> _timesAsked = [];

    /// <summary>Nobody that was asked gives; or one message holds it all, and only one peer was asked.</summary>
    public bool HasRoom(TimeSpan now, TimeSpan patience) =>
        _sources.Values.All(s => now - s.LastPiece > (s.Bytes.Length > 0 ? patience : patience / 4)) || (_sources.Count == 1 && _sources.Values.All(s => s.IsOneMessage));

    public int TimesAsked(PeerKey peer) => _timesAsked.GetValueOrDefault(peer);

    public bool CanAsk(PeerKey peer, ExtensionHandshake extensions) =>
        extensions.MetadataId != 0 && extensions.MetadataSize is > 0 and <= MaxSize && !_sources.ContainsKey(peer) && !_refused.Contains(peer);

    /// <summary>Begins with a peer, in the place of the one that has been silent for longest if there are many.</summary>
    /// <returns>The pieces to ask it for now.</returns>
    public IEnumerable<int> Begin(PeerKey peer, long size, TimeSpan now)
    {
        if (_sources.Count >= MaxSources) _sources.Remove(_sources.MinBy(s => s.Value.LastPiece).Key);
        _timesAsked[peer] = TimesAsked(peer) + 1;
        var source = new Source((int)size, now);
        _sources[peer] = source;
        return source.Next(Pipeline);
    }

    /// <summary>Takes a piece.</summary>
    /// <param name="next">Pieces to ask the same peer for now.</param>
    public MetadataOutcome OnData(PeerKey peer, MetadataMessage message, ReadOnlySpan<byte> data, TimeSpan now, out IEnumerable<int> next, out byte[]? info)
    {
        (next, info) = ([], null);
        if (!_sources.TryGetValue(peer, out var source)) return MetadataOutcome.Ignored;
        if (!source.TryTake(message.Piece, data, now)) return MetadataOutcome.Wrong;
        if (!source.IsWhole)
        {
            next = source.Next(1);
            return MetadataOutcome.Going;
        }

        _sources.Remove(peer);
        info = source.Bytes.ToArray();
        if (infoHash.Names(info)) return MetadataOutcome.Whole;

        _refused.Add(peer);
        return mayBeRun ? MetadataOutcome.Claimed : MetadataOutcome.Wrong;
    }

    public void OnRejected(PeerKey peer)
    {
        _sources.Remove(peer);
        _refused.Add(peer);
    }

    public void Forget(PeerKey peer)
    {
        _sources.Remove(peer);
        _refused.Remove(peer);
        _timesAsked.Remove(peer);
    }

    public void Clear() => _sources.Clear();

    /// <summary>In order: a piece that comes is the next one, since the peer answers in the order it was asked.</summary>
    private sealed class Source(int size, TimeSpan now)
    {
        private readonly int _pieces = (size + MetadataMessage.PieceLength - 1) / MetadataMessage.PieceLength;
        private int _asked;
        private int _had;

        public MemoryStream Bytes { get; } = new();

        public TimeSpan LastPiece { get; private set; } = now;

        public bool IsOneMessage => _pieces == 1;

        public bool IsWhole => _had == _pieces;

        public IEnumerable<int> Next(int count)
        {
            var first = _asked;
            _asked = Math.Min(_pieces, _asked + count);
            return Enumerable.Range(first, _asked - first);
        }

        public bool TryTake(int piece, ReadOnlySpan<byte> data, TimeSpan at)
        {
            var expected = Math.Min(MetadataMessage.PieceLength, size - _had * MetadataMessage.PieceLength);
            if (piece != _had || piece >= _asked || data.Length != expected) return false;

            Bytes.Write(data);
            _had++;
            LastPiece = at;
            return true;
        }
    }
}
