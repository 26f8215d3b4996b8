using System.Globalization;

namespace Shoal.Floor;

/// <summary>What a process used since it began to transfer, as one word that the other can read.</summary>
internal readonly record struct Cost(double CpuSeconds, double PeakMiB)
{
    public static Cost Since(TimeSpan cpu) => new((Environment.CpuUsage.TotalTime - cpu).TotalSeconds, Peak());

    public static Cost Parse(string text)
    {
        var parts = text.Split(' ');
        return new Cost(double.Parse(parts[0], CultureInfo.InvariantCulture), double.Parse(parts[1], CultureInfo.InvariantCulture));
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{CpuSeconds} {PeakMiB}");

    private static double Peak()
    {
        const string name = "VmHWM:";
        var line = File.ReadLines("/proc/self/status").First(l => l.StartsWith(name, StringComparison.Ordinal));
        return double.Parse(line[name.Length..^"kB".Length], CultureInfo.InvariantCulture) / 1024;
    }
}
