using System.Globalization;

namespace Shoal.Cli.Output;

/// <summary>Numbers as people read them: three digits, decimal units as in the options, binary ones for piece lengths.</summary>
internal static class Words
{
    private static readonly string[] Decimal = ["B", "kB", "MB", "GB", "TB", "PB"];
    private static readonly string[] Binary = ["B", "KiB", "MiB", "GiB"];

    public static string Size(double bytes)
    {
        var unit = 0;
        while (bytes >= 999.5 && unit < Decimal.Length - 1)
        {
            bytes /= 1000;
            unit++;
        }

        var format = unit == 0 || bytes >= 99.95 ? "0" : bytes >= 9.995 ? "0.0" : "0.00";
        return bytes.ToString(format, CultureInfo.InvariantCulture) + " " + Decimal[unit];
    }

    public static string Rate(double bytesPerSecond) => Size(bytesPerSecond) + "/s";

    public static string PowerOfTwo(long bytes)
    {
        var unit = 0;
        while (bytes >= 1024 && bytes % 1024 == 0 && unit < Binary.Length - 1)
        {
            bytes /= 1024;
            unit++;
        }

        return bytes.ToString(CultureInfo.InvariantCulture) + " " + Binary[unit];
    }

    public static string Duration(double seconds) => seconds switch
    {
        < 9.95 => seconds.ToString("0.0", CultureInfo.InvariantCulture) + " s",
        < 59.5 => seconds.ToString("0", CultureInfo.InvariantCulture) + " s",
        < 3600 => string.Create(CultureInfo.InvariantCulture, $"{(int)seconds / 60} min {(int)seconds % 60} s"),
        < 360_000 => string.Create(CultureInfo.InvariantCulture, $"{(int)(seconds / 3600)} h {(int)seconds % 3600 / 60} min"),
        _ => "days",
    };

    /// <summary>A duration that is mostly far below a second.</summary>
    public static string Moment(double seconds) => seconds < 0.95 ? (seconds * 1000).ToString("0", CultureInfo.InvariantCulture) + " ms" : Duration(seconds);

    public static string Percent(long part, long whole) =>
        whole <= 0 ? "100 %" : ((int)Math.Floor(100.0 * part / whole)).ToString(CultureInfo.InvariantCulture) + " %";

    public static string Count(long count, string one, string many) => count.ToString("#,0", CultureInfo.InvariantCulture) + " " + (count == 1 ? one : many);

    public static string Files(long count) => Count(count, "file", "files");

    public static string Peers(long count) => Count(count, "peer", "peers");
}
