using Shoal.Core.Geometry;

namespace Shoal.Engine.Serving;

/// <summary>The leaf hashes of a piece, one for each block; false if the piece is not there.</summary>
internal delegate ValueTask<bool> ReadLeaves(PieceIndex piece, Memory<byte> leaves, CancellationToken ct);
