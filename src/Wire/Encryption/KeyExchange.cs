using System.Numerics;

namespace Shoal.Wire.Encryption;

/// <summary>The Diffie-Hellman exchange of MSE: generator 2 modulo a safe prime of 768 bits, numbers big-endian. Not constant in time: it hides a protocol, and keeps no secret.</summary>
public static class KeyExchange
{
    /// <summary>Bytes of a public key, and of the secret.</summary>
    public const int KeyLength = 96;

    /// <summary>Bytes of a private exponent.</summary>
    public const int ExponentLength = 20;

    private static readonly BigInteger Prime = Read(Convert.FromHexString(
        "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD"
        + "EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A63A36210000000000090563"));

    /// <param name="exponent"><see cref="ExponentLength"/> bytes that nobody can foretell.</param>
    /// <param name="key">Filled with <see cref="KeyLength"/> bytes.</param>
    public static void WritePublicKey(ReadOnlySpan<byte> exponent, Span<byte> key) => Write(BigInteger.ModPow(2, Read(exponent), Prime), key);

    /// <summary>What both sides know and nobody who only listens.</summary>
    /// <param name="theirs">The other side's public key, <see cref="KeyLength"/> bytes.</param>
    /// <param name="secret">Filled with <see cref="KeyLength"/> bytes.</param>
    /// <returns>False for a key whose secret anybody could tell (0, 1, p − 1), and for one that is no number below p.</returns>
    public static bool TryWriteSecret(ReadOnlySpan<byte> exponent, ReadOnlySpan<byte> theirs, Span<byte> secret)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(theirs.Length, KeyLength);
        var key = Read(theirs);
        if (key <= 1 || key >= Prime - 1) return false;

        Write(BigInteger.ModPow(key, Read(exponent), Prime), secret);
        return true;
    }

    private static BigInteger Read(ReadOnlySpan<byte> number) => new(number, isUnsigned: true, isBigEndian: true);

    private static void Write(BigInteger number, Span<byte> destination)
    {
        destination = destination[..KeyLength];
        destination.Clear();
        number.TryWriteBytes(destination[(KeyLength - number.GetByteCount(isUnsigned: true))..], out _, isUnsigned: true, isBigEndian: true);
    }
}
