using Shoal.Core.Geometry;

namespace Shoal.Engine.Serving;

/// <summary>Reads a run of bytes of a piece; false if they are not there.</summary>
internal delegate ValueTask<bool> ReadBlocks(PieceIndex piece, int begin, Memory<byte> destination, CancellationToken ct);
