using Shoal.Core.Geometry;
using Shoal.Core.Metainfo;

namespace Shoal.Storage.Workers;

/// <summary>How pieces are hashed as they lie on disk.</summary>
/// <param name="PathOf">Where a file is; null if it is not there to be read.</param>
internal sealed record HashPlan(TorrentGeometry Geometry, Func<FileIndex, string?> PathOf)
{
    public bool WantsV2 { get; init; } = true;

    /// <summary>How many bytes the SHA-1 of a piece covers; null if none is wanted.</summary>
    public Func<PieceIndex, int>? LengthV1 { get; init; }

    /// <summary>Whether a file that cannot be read is a failure, and not only pieces without a digest.</summary>
    public bool IsStrict { get; init; }

    /// <summary>What it takes to tell whether pieces are right.</summary>
    public static HashPlan ToProve(TorrentInfo info, PieceLayers layers, Func<FileIndex, string?> pathOf) => new(info.Geometry, pathOf)
    {
        WantsV2 = info.HasV2,
        LengthV1 = info.HasV1 && (!info.HasV2 || layers.Missing > 0) ? info.HashedLengthV1 : null,
    };
}
