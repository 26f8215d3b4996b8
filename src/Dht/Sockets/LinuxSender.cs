using System.Net.Sockets;
using System.Runtime.InteropServices;
using Shoal.Core;

namespace Shoal.Dht.Sockets;

/// <summary>
/// Sends many datagrams in one system call. On a socket that is bound to all addresses each leaves from the one it should, which the framework cannot: without it
/// a host of several addresses answers from one that was not asked, and the asker must take that for a stranger's. For one loop.
/// </summary>
internal sealed unsafe partial class LinuxSender
{
    private readonly PinnedArray<LinuxMessage> _messages = new(LinuxMessage.VectorLength);
    private readonly PinnedArray<LinuxMessage.Part> _parts = new(LinuxMessage.VectorLength);
    private readonly PinnedArray<LinuxMessage.NameBytes> _names = new(LinuxMessage.VectorLength);
    private readonly PinnedArray<LinuxMessage.Control> _controls = new(LinuxMessage.VectorLength);
    private readonly Socket _socket;
    private readonly bool _isV6;
    private readonly bool _isWildcard;

    public LinuxSender(Socket socket, bool isV6, bool isWildcard)
    {
        (_socket, _isV6, _isWildcard) = (socket, isV6, isWildcard);
        const ushort FamilyV4 = 2, FamilyV6 = 10;
        for (var i = 0; i < LinuxMessage.VectorLength; i++)
        {
            MemoryMarshal.Write(_names[i], isV6 ? FamilyV6 : FamilyV4);
            _messages[i].Head = new LinuxMessage.Header
            {
                Name = _names.At(i),
                NameLength = (uint)(isV6 ? SocketAddressBytes.LengthV6 : SocketAddressBytes.LengthV4),
                Parts = _parts.At(i),
                PartCount = 1,
            };
        }
    }

    public void Send(DatagramBatch batch)
    {
        for (var first = 0; first < batch.Count; first += LinuxMessage.VectorLength) Send(batch, first, Math.Min(LinuxMessage.VectorLength, batch.Count - first));
    }

    private void Send(DatagramBatch batch, int first, int count)
    {
        fixed (byte* bytes = batch.Bytes)
        {
            for (var i = 0; i < count; i++) Address(i, batch, first + i, bytes);

            // One that cannot go ends the call there: it is lost, as datagrams are, and the next begins behind it.
            for (var sent = 0; sent < count;) sent += Math.Max(1, SendMessages(_socket.SafeHandle, _messages.At(sent), (uint)(count - sent), LinuxMessage.DontWait));
        }
    }

    private void Address(int index, DatagramBatch batch, int datagram, byte* bytes)
    {
        var (start, length) = batch.Place(datagram);
        _parts[index] = new LinuxMessage.Part { Start = bytes + start, Length = length };
        SocketAddressBytes.Write(batch.Remote(datagram), _names[index]);

        var local = batch.Local(datagram);
        var isChosen = _isWildcard && local.Port != 0 && local.IsV6 == _isV6;
        if (isChosen) _controls[index] = LinuxMessage.Control.Of(local);
        ref var head = ref _messages[index].Head;
        head.Control = isChosen ? _controls.At(index) : null;
        head.ControlLength = isChosen ? LinuxMessage.Control.LengthOf(_isV6) : 0;
    }

    [LibraryImport("libc", EntryPoint = "sendmmsg")]
    private static partial int SendMessages(SafeSocketHandle socket, LinuxMessage* messages, uint count, int flags);
}
