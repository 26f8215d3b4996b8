using Shoal.Wire;
using Shoal.Wire.Transport;

namespace Shoal.Engine;

/// <summary>A connection on which the other side has said who it is.</summary>
/// <param name="Connection">Reads and writes messages, decrypted.</param>
/// <param name="Received">Bytes after the handshake that came with it.</param>
internal sealed record OpenedPeer(ITransportConnection Connection, Handshake Handshake, ReadOnlyMemory<byte> Received);
