namespace Shoal.Wire.Encryption;

public enum HandshakeStatus
{
    /// <summary>More bytes are needed.</summary>
    UnderWay,

    Done,

    /// <summary>The other side does not do this handshake, or knows another swarm, or no method in common.</summary>
    Failed,
}
