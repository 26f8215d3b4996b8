using System.Buffers.Binary;
using Shoal.Core;

namespace Shoal.Dht.Sockets;

/// <summary>
/// The system's <c>sockaddr_in</c> and <c>sockaddr_in6</c>: two bytes that say the family in the system's own way and are left alone here, then port and address
/// at the same places everywhere.
/// </summary>
internal static class SocketAddressBytes
{
    public const int LengthV4 = 16;
    public const int LengthV6 = 28;

    private const int PortAt = 2;
    private const int AddressAtV4 = 4;
    private const int AddressAtV6 = 8; // behind the flow's label

    public static NetEndPoint Read(ReadOnlySpan<byte> name, bool isV6)
    {
        var address = isV6 ? name.Slice(AddressAtV6, NetEndPoint.AddressLengthV6) : name.Slice(AddressAtV4, NetEndPoint.AddressLengthV4);
        return new NetEndPoint(address, BinaryPrimitives.ReadUInt16BigEndian(name[PortAt..]));
    }

    public static void Write(NetEndPoint endPoint, Span<byte> name)
    {
        BinaryPrimitives.WriteUInt16BigEndian(name[PortAt..], (ushort)endPoint.Port);
        endPoint.WriteAddress(name[(endPoint.IsV6 ? AddressAtV6 : AddressAtV4)..]);
    }
}
