using Shoal.Core;
using Shoal.Core.Geometry;
using Shoal.Engine;
using Shoal.Engine.Peers;
using Shoal.Engine.Picking;
using Shoal.Wire;

namespace Shoal.Unit.Engine;

/// <summary>Situations from strings: a column for each piece.</summary>
internal static class Drawn
{
    /// <param name="pieces"><c>x</c> for a piece that is there, <c>.</c> for one that is not.</param>
    public static Bitfield Pieces(string pieces)
    {
        var bitfield = new Bitfield(pieces.Length);
        for (var i = 0; i < pieces.Length; i++)
        {
            if (pieces[i] != '.') bitfield.Set(i);
        }

        return bitfield;
    }

    public static string Of(Bitfield bitfield) => string.Concat(Enumerable.Range(0, bitfield.Length).Select(i => bitfield[i] ? 'x' : '.'));

    /// <param name="availability">How many peers have each piece.</param>
    /// <param name="have">Pieces that need not be fetched.</param>
    /// <param name="partial">Pieces that are begun.</param>
    public static PiecePicker Picker(string availability, string? have = null, string? partial = null, int seed = 1)
    {
        var picker = new PiecePicker(availability.Length, new Random(seed));
        for (var i = 0; i < availability.Length; i++)
        {
            if (Is(have, i)) continue;
            picker.Add(new PieceIndex(i));
        }

        for (var i = 0; i < availability.Length; i++)
        {
            for (var peer = '0'; peer < availability[i]; peer++) picker.Raise(new PieceIndex(i));
        }

        for (var i = 0; i < availability.Length; i++)
        {
            if (Is(partial, i)) picker.Remove(new PieceIndex(i));
        }

        return picker;

        static bool Is(string? drawn, int i) => drawn is not null && drawn[i] != '.';
    }

    /// <summary>A peer that has shown a rate for a second, unchokes us and wants something.</summary>
    /// <param name="has">Null for everything.</param>
    /// <param name="kB">A second, from the peer.</param>
    public static Peer Peer(int key, string? has = null, int kB = 0, TimeSpan connectedAt = default)
    {
        var peer = new Peer(new PeerKey(key), SwarmBench.At((byte)key), new Handshake(Handshake.FastBit, default, SwarmBench.Name((byte)key)), incoming: false, connectedAt) { IsChoking = false, IsInterested = true };
        peer.TryTake(new SwarmEvent.PeerBitfield(peer.Key, has is null ? null : Pieces(has).ToArray(), has is null), has?.Length ?? 4, out _);
        peer.Window.Tick(TimeSpan.Zero, false);
        Give(peer, kB * 1000);
        peer.Window.Tick(TimeSpan.FromSeconds(1), false);
        return peer;
    }

    /// <summary>The peer sends so many bytes.</summary>
    public static void Give(Peer peer, int bytes)
    {
        if (bytes > 0) peer.Window.OnReceived(1, bytes);
    }
}
