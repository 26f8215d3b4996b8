using Shoal.Core;
using Shoal.Core.Geometry;

namespace Shoal.Storage;

/// <summary>Where a file with a given name and length lies.</summary>
/// <param name="IsComplete">Whether all of it is proven and in place.</param>
public sealed record StoredFile(StoredTorrent Torrent, FileIndex Index, FileId Id, long Length, string Path, bool IsComplete);
