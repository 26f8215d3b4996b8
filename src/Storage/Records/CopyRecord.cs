using Shoal.Core;

namespace Shoal.Storage.Records;

/// <summary>A place where a torrent lies.</summary>
/// <param name="Path">Absolute: the file, or the folder, at its final name.</param>
/// <param name="Found">Files that stood there before the download began; they are the user's.</param>
internal sealed record CopyRecord(string Path, bool IsShared, DateTimeOffset Added, Bitfield Found);
