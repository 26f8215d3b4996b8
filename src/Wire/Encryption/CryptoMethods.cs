namespace Shoal.Wire.Encryption;

/// <summary>How a stream goes on after the handshake: the bits of <c>crypto_provide</c>, and the one bit of <c>crypto_select</c> (MSE).</summary>
[Flags]
public enum CryptoMethods
{
    None = 0,

    /// <summary>In the clear: only the handshake was hidden.</summary>
    Plaintext = 1,

    Rc4 = 2,
}
