using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Shoal.Core;

namespace Shoal.Dht.Sockets;

/// <summary>
/// Sends from a chosen local address on a socket that is bound to all of them, which the framework cannot. Without it a host of several addresses answers
/// from one that was not asked, and the asker must take that for a stranger's. Structures as in Linux's sys/socket.h.
/// </summary>
[SupportedOSPlatform("linux")]
internal static unsafe partial class LinuxDatagrams
{
    private const int DontWait = 0x40; // MSG_DONTWAIT
    private const int MaxControlLength = 64;

    public static void Send(Socket socket, ReadOnlySpan<byte> datagram, ReadOnlySpan<byte> to, NetEndPoint via)
    {
        Span<byte> compact = stackalloc byte[NetEndPoint.CompactLengthV6];
        via.WriteCompact(compact);
        var control = stackalloc byte[MaxControlLength];
        new Span<byte>(control, MaxControlLength).Clear();
        var head = (ControlHeader*)control;
        var payload = new Span<byte>(control + sizeof(ControlHeader), MaxControlLength - sizeof(ControlHeader));
        const int AddressLengthV4 = 4, PacketInfoLengthV4 = 12, AddressLengthV6 = 16, PacketInfoLengthV6 = 20;
        if (via.IsV6)
        {
            *head = new ControlHeader { Length = sizeof(ControlHeader) + PacketInfoLengthV6, Level = 41, Type = 50 }; // IPV6_PKTINFO
            compact[..AddressLengthV6].CopyTo(payload);
        }
        else
        {
            *head = new ControlHeader { Length = sizeof(ControlHeader) + PacketInfoLengthV4, Level = 0, Type = 8 }; // IP_PKTINFO
            compact[..AddressLengthV4].CopyTo(payload[sizeof(int)..]);
        }

        fixed (byte* data = datagram, name = to)
        {
            var part = new Part { Start = data, Length = datagram.Length };
            var message = new Message
            {
                Name = name,
                NameLength = (uint)to.Length,
                Parts = &part,
                PartCount = 1,
                Control = control,
                ControlLength = (head->Length + sizeof(nint) - 1) / sizeof(nint) * sizeof(nint),
            };
            _ = SendMessage((int)socket.Handle, &message, DontWait);
        }
    }

    [LibraryImport("libc", EntryPoint = "sendmsg")]
    private static partial nint SendMessage(int socket, Message* message, int flags);

    private struct Message
    {
        public byte* Name;
        public uint NameLength;
        public Part* Parts;
        public nint PartCount;
        public byte* Control;
        public nint ControlLength;
        public int Flags;
    }

    private struct Part
    {
        public byte* Start;
        public nint Length;
    }

    private struct ControlHeader
    {
        public nint Length;
        public int Level;
        public int Type;
    }
}
