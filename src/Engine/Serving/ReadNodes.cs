using Shoal.Core.Geometry;

namespace Shoal.Engine.Serving;

/// <summary>Hashes of a file's tree at a height that is not below its piece layer, from an index on; false if they are not known.</summary>
internal delegate ValueTask<bool> ReadNodes(FileIndex file, int height, int index, Memory<byte> nodes, CancellationToken ct);
