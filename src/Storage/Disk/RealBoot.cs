using System.Globalization;

namespace Shoal.Storage.Disk;

public sealed class RealBoot(TimeProvider clock) : IBoot
{
    private const string LinuxPath = "/proc/sys/kernel/random/boot_id";

    /// <summary>Where the system does not say, the minute of the start stands for it: clocks that are set may make it differ, which only costs proving again.</summary>
    public string Id { get; } = File.Exists(LinuxPath)
        ? File.ReadAllText(LinuxPath).Trim()
        : Math.Round((clock.GetUtcNow().ToUnixTimeSeconds() - clock.GetTimestamp() / (double)clock.TimestampFrequency) / 60).ToString(CultureInfo.InvariantCulture);
}
