using System.Net;
using System.Net.Sockets;

namespace Shoal.Discovery.Local;

/// <summary>Where local discovery is spoken (BEP 14).</summary>
internal static class LocalGroup
{
    public const int Port = 6771;

    private static readonly IPAddress V4 = new([239, 192, 152, 143]);
    private static readonly IPAddress V6 = new([0xFF, 0x15, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xEF, 0xC0, 0x98, 0x8F]);

    public static IPAddress Of(AddressFamily family) => family == AddressFamily.InterNetworkV6 ? V6 : V4;

    /// <summary>The group as the <c>Host</c> header names it.</summary>
    public static ReadOnlySpan<byte> HostOf(AddressFamily family) => family == AddressFamily.InterNetworkV6 ? "[ff15::efc0:988f]:6771"u8 : "239.192.152.143:6771"u8;
}
