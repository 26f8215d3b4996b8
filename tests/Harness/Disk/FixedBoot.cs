using Shoal.Storage.Disk;

namespace Shoal.Harness.Disk;

/// <summary>A machine that was started as often as a test says.</summary>
public sealed class FixedBoot(string id) : IBoot
{
    public string Id { get; } = id;
}
