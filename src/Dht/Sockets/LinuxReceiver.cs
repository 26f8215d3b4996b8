using System.Net.Sockets;
using System.Runtime.InteropServices;
using Shoal.Core;

namespace Shoal.Dht.Sockets;

/// <summary>Takes many datagrams from a socket in one system call, with who sent them and where to. For one reader.</summary>
internal sealed unsafe partial class LinuxReceiver
{
    private const int Truncated = 0x20; // MSG_TRUNC

    private readonly PinnedArray<LinuxMessage> _messages = new(LinuxMessage.VectorLength);
    private readonly PinnedArray<LinuxMessage.Part> _parts = new(LinuxMessage.VectorLength);
    private readonly PinnedArray<LinuxMessage.NameBytes> _names = new(LinuxMessage.VectorLength);
    private readonly PinnedArray<LinuxMessage.Control> _controls = new(LinuxMessage.VectorLength);
    private readonly PinnedArray<byte> _bytes = new(LinuxMessage.VectorLength * DatagramBatch.MaxLength);
    private readonly Socket _socket;
    private readonly NetEndPoint _bound;
    private readonly bool _isWildcard;

    /// <param name="socket">Told already to say where its packets were sent to, if it is bound to all addresses.</param>
    /// <param name="bound">Where it is bound.</param>
    /// <param name="isWildcard">Whether that is all addresses.</param>
    public LinuxReceiver(Socket socket, NetEndPoint bound, bool isWildcard)
    {
        (_socket, _bound, _isWildcard) = (socket, bound, isWildcard);
        for (var i = 0; i < LinuxMessage.VectorLength; i++)
        {
            _parts[i] = new LinuxMessage.Part { Start = _bytes.At(i * DatagramBatch.MaxLength), Length = DatagramBatch.MaxLength };
            _messages[i].Head = new LinuxMessage.Header { Name = _names.At(i), Parts = _parts.At(i), PartCount = 1, Control = _controls.At(i) };
        }
    }

    /// <summary>Adds what is there and finds room; false if nothing was there.</summary>
    public bool TryReceive(DatagramBatch batch)
    {
        var most = Math.Min(batch.Room, LinuxMessage.VectorLength);
        for (var i = 0; i < most; i++)
        {
            ref var head = ref _messages[i].Head;
            head.NameLength = SocketAddressBytes.LengthV6;
            head.ControlLength = _isWildcard ? sizeof(LinuxMessage.Control) : 0;
        }

        var count = ReceiveMessages(_socket.SafeHandle, _messages.At(0), (uint)most, LinuxMessage.DontWait, null);
        if (count < 0) return PassOver(Marshal.GetLastPInvokeError());

        for (var i = 0; i < count; i++) Take(i, batch);
        return true;
    }

    private void Take(int index, DatagramBatch batch)
    {
        ref readonly var head = ref _messages[index].Head;
        if ((head.Flags & Truncated) != 0) return;

        var local = _bound;
        if (head.ControlLength > 0 && _controls[index].TryRead(_bound.IsV6, _bound.Port, out var told)) local = told;
        var datagram = _bytes.Slice(index * DatagramBatch.MaxLength, (int)_messages[index].Length);
        batch.TryAdd(datagram, SocketAddressBytes.Read(_names[index], _bound.IsV6), local);
    }

    private static bool PassOver(int error) => error switch
    {
        11 => false, // EAGAIN
        4 or 71 or 90 or 101 or 102 or 104 or 111 or 112 or 113 => true, // EINTR, EPROTO, EMSGSIZE, and what ICMP may say
        _ => throw new SocketException((int)SocketError.SocketError, Marshal.GetPInvokeErrorMessage(error)),
    };

    [LibraryImport("libc", EntryPoint = "recvmmsg", SetLastError = true)]
    private static partial int ReceiveMessages(SafeSocketHandle socket, LinuxMessage* messages, uint count, int flags, void* timeout);
}
