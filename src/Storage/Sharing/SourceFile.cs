using Shoal.Storage.Disk;

namespace Shoal.Storage.Sharing;

/// <summary>A file to be shared.</summary>
/// <param name="Elements">From the shared folder down.</param>
/// <param name="Path">Where it is, through links if there are any.</param>
/// <param name="RealPath">Where it is, with no link at the end.</param>
internal sealed record SourceFile(string[] Elements, string Path, string RealPath, FileStamp Stamp, bool IsExecutable);
