using Shoal.Core;
using Shoal.Wire.Transport;

namespace Shoal.Wire.Encryption;

/// <summary>What a handshake of MSE led to.</summary>
/// <param name="Connection">Reads and writes what follows, decrypted.</param>
/// <param name="Key">The swarm, as the plain handshake names it.</param>
/// <param name="Received">Bytes of the stream that came with the handshake, decrypted.</param>
public sealed record AgreedStream(ITransportConnection Connection, Hash160 Key, ReadOnlyMemory<byte> Received);
