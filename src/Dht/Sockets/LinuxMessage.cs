using System.Runtime.CompilerServices;
using Shoal.Core;

namespace Shoal.Dht.Sockets;

/// <summary>One of the messages of recvmmsg and sendmmsg, <c>struct mmsghdr</c>; all as in Linux's sys/socket.h.</summary>
internal unsafe struct LinuxMessage
{
    /// <summary>Messages to a system call. Beyond some dozens each costs as much as the last.</summary>
    public const int VectorLength = 64;

    public const int DontWait = 0x40; // MSG_DONTWAIT

    private const int LevelV4 = 0; // IPPROTO_IP
    private const int LevelV6 = 41; // IPPROTO_IPV6
    private const int PacketInfoV4 = 8; // IP_PKTINFO
    private const int PacketInfoV6 = 50; // IPV6_PKTINFO

    public Header Head;
    public uint Length;

    /// <summary><c>struct msghdr</c>.</summary>
    public struct Header
    {
        public NameBytes* Name;
        public uint NameLength;
        public Part* Parts;
        public nint PartCount;
        public Control* Control;
        public nint ControlLength;
        public int Flags;
    }

    /// <summary><c>struct iovec</c>.</summary>
    public struct Part
    {
        public byte* Start;
        public nint Length;
    }

    /// <summary>A <c>struct cmsghdr</c> with our own address in a packet (<c>in_pktinfo</c>, <c>in6_pktinfo</c>), and no room for any other.</summary>
    public struct Control
    {
        private nint _length;
        private int _level;
        private int _type;
        private PacketInfo _content;

        public static nint LengthOf(bool isV6) => (ContentAt + ContentLength(isV6) + sizeof(nint) - 1) / sizeof(nint) * sizeof(nint);

        public static Control Of(NetEndPoint local)
        {
            var control = new Control
            {
                _length = ContentAt + ContentLength(local.IsV6),
                _level = local.IsV6 ? LevelV6 : LevelV4,
                _type = local.IsV6 ? PacketInfoV6 : PacketInfoV4,
            };
            local.WriteAddress(((Span<byte>)control._content)[AddressAt(local.IsV6)..]);
            return control;
        }

        /// <param name="isV6">The socket's family.</param>
        /// <param name="port">The socket's port.</param>
        /// <param name="endPoint">Where the packet was sent to.</param>
        public readonly bool TryRead(bool isV6, int port, out NetEndPoint endPoint)
        {
            endPoint = default;
            if (_level != (isV6 ? LevelV6 : LevelV4) || _type != (isV6 ? PacketInfoV6 : PacketInfoV4) || _length < ContentAt + ContentLength(isV6)) return false;

            ReadOnlySpan<byte> content = _content;
            endPoint = new NetEndPoint(content.Slice(AddressAt(isV6), isV6 ? NetEndPoint.AddressLengthV6 : NetEndPoint.AddressLengthV4), port);
            return true;
        }

        private static int ContentAt => sizeof(nint) + 2 * sizeof(int);

        /// <summary>Two addresses and the number of an interface, or an address and that number.</summary>
        private static int ContentLength(bool isV6) => isV6 ? NetEndPoint.AddressLengthV6 + sizeof(int) : 2 * NetEndPoint.AddressLengthV4 + sizeof(int);

        /// <summary>The first of two addresses is the one that answers leave from, even if the packet went to many.</summary>
        private static int AddressAt(bool isV6) => isV6 ? 0 : sizeof(int);
    }

    [InlineArray(3 * 8)]
    private struct PacketInfo
    {
        private byte _first;
    }

    /// <summary>A <c>sockaddr_in6</c>, or the shorter <c>sockaddr_in</c>.</summary>
    [InlineArray(SocketAddressBytes.LengthV6)]
    public struct NameBytes
    {
        private byte _first;
    }
}
