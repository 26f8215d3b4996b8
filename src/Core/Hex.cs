using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace Shoal.Core;

internal static class Hex
{
    /// <summary>Decodes exactly as many digits as fill the destination; false for anything else.</summary>
    public static bool TryDecode([NotNullWhen(true)] string? hex, Span<byte> destination) =>
        hex is not null
        && hex.Length == destination.Length * 2
        && Convert.FromHexString(hex, destination, out _, out _) == OperationStatus.Done;
}
