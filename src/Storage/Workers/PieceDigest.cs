using Shoal.Core;

namespace Shoal.Storage.Workers;

/// <summary>What a piece hashed to. What was not asked for is zero.</summary>
/// <param name="V2">The root over it, at the height of its file's piece layer (BEP 52).</param>
/// <param name="V1">SHA-1 of it and the padding behind it (BEP 3).</param>
internal readonly record struct PieceDigest(Hash256 V2, Hash160 V1);
