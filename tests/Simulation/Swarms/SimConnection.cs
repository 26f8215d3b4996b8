using Shoal.Core;
using Shoal.Core.Geometry;
using Shoal.Engine;
using Shoal.Engine.Buffers;
using Shoal.Wire;

namespace Shoal.Simulation.Swarms;

/// <summary>One end of a connection between two nodes: what a session is, without bytes on a wire.</summary>
internal sealed class SimConnection(SimNode owner, PeerKey key)
{
    public SimNode Owner { get; } = owner;

    public PeerKey Key { get; } = key;

    public SimConnection Other { get; set; } = null!;

    public bool IsClosed { get; set; }

    /// <summary>The piece that the other side asked for last.</summary>
    public int Asked { get; set; } = -1;

    public bool IsOpenForRequests { get; set; }

    /// <summary>Pieces that may be asked for even so.</summary>
    public HashSet<int> Allowed { get; } = [];

    public Queue<BlockRequest> Uploads { get; } = new();

    public Dictionary<(int Piece, int Block), PieceBuffer?> Owed { get; } = [];

    public long Sent { get; set; }

    public void Expect(PieceIndex piece, BlockIndex block, PieceBuffer buffer)
    {
        buffer.AddReference();
        if (Owed.Remove((piece, block), out var before)) before?.Release();
        Owed[(piece, block)] = buffer;
    }

    public void Unexpect(PieceIndex piece, BlockIndex block)
    {
        if (!Owed.TryGetValue((piece, block), out var buffer)) return;

        buffer?.Release();
        Owed[(piece, block)] = null;
    }

    public void Close()
    {
        IsClosed = true;
        Uploads.Clear();
        foreach (var buffer in Owed.Values) buffer?.Release();
        Owed.Clear();
    }
}
