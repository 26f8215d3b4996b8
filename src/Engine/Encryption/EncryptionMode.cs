namespace Shoal.Engine.Encryption;

/// <summary>Whether streams to peers are encrypted (MSE). It hides from whoever looks on what the stream is, and keeps nothing secret from whoever knows the infohash.</summary>
public enum EncryptionMode
{
    /// <summary>Connects in plain, and encrypted to those who turn that away; takes both, and in plaintext after the handshake where the other side offers it.</summary>
    Allow,

    /// <summary>Connects encrypted, and in plain to those who turn that away; takes both.</summary>
    Prefer,

    /// <summary>Connects encrypted and takes nothing else.</summary>
    Require,

    /// <summary>Connects in plain and takes nothing else.</summary>
    Off,
}
