namespace Shoal.Storage.Disk;

/// <summary>The file system of this machine.</summary>
public sealed class RealDisk
{
}
