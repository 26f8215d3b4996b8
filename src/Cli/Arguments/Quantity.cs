using System.Globalization;

namespace Shoal.Cli.Arguments;

/// <summary>Numbers of bytes as people write them: <c>5MB</c> is 5,000,000, <c>5MiB</c> is 5 × 2^20, <c>5k</c> is 5,000, <c>5</c> is 5.</summary>
internal static class Quantity
{
    private const string Prefixes = "kmgt";
    private const double Largest = 1L << 60;

    public static bool TryReadSize(string text, out long bytes)
    {
        bytes = 0;
        var digits = 0;
        while (digits < text.Length && (char.IsAsciiDigit(text[digits]) || text[digits] == '.')) digits++;
        if (!double.TryParse(text.AsSpan(0, digits), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)) return false;
        if (!TryReadUnit(text[digits..].Trim().ToLowerInvariant(), out var unit) || number * unit > Largest) return false;

        bytes = (long)Math.Round(number * unit);
        return true;
    }

    /// <summary>A size, with or without <c>/s</c>.</summary>
    public static bool TryReadRate(string text, out long bytesPerSecond) =>
        TryReadSize(text.EndsWith("/s", StringComparison.OrdinalIgnoreCase) ? text[..^2] : text, out bytesPerSecond);

    private static bool TryReadUnit(string unit, out double factor)
    {
        factor = 1;
        if (unit is "" or "b") return true;

        var power = Prefixes.IndexOf(unit[0], StringComparison.Ordinal) + 1;
        factor = unit[1..] switch
        {
            _ when power == 0 => 0,
            "" or "b" => Math.Pow(1000, power),
            "ib" => Math.Pow(1024, power),
            _ => 0,
        };
        return factor > 0;
    }
}
