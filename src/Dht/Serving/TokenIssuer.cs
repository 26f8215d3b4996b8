using System.Security.Cryptography;
using Shoal.Core;

namespace Shoal.Dht.Serving;

/// <summary>
/// Gives and checks the tokens of <c>announce_peer</c>: a hash of the asker's address under a secret that changes every five minutes;
/// the secret before is honoured too, so a token lives five to ten minutes (BEP 5).
/// </summary>
internal sealed class TokenIssuer
{
    public const int TokenLength = 8;

    public static readonly TimeSpan Rotation = TimeSpan.FromMinutes(5);

    private const int SecretLength = 16;

    private readonly Random _random;
    private readonly byte[] _current = new byte[SecretLength];
    private readonly byte[] _previous = new byte[SecretLength];
    private TimeSpan _rotateAt;

    public TokenIssuer(Random random, TimeSpan now)
    {
        _random = random;
        _random.NextBytes(_current);
        _random.NextBytes(_previous);
        _rotateAt = now + Rotation;
    }

    /// <param name="address">Whoever asked; its port does not matter.</param>
    /// <param name="token"><see cref="TokenLength"/> bytes to fill.</param>
    public void Issue(NetEndPoint address, Span<byte> token) => Hash(_current, address, token);

    public bool Accepts(NetEndPoint address, ReadOnlySpan<byte> token)
    {
        Span<byte> expected = stackalloc byte[TokenLength];
        Hash(_current, address, expected);
        if (CryptographicOperations.FixedTimeEquals(expected, token)) return true;

        Hash(_previous, address, expected);
        return CryptographicOperations.FixedTimeEquals(expected, token);
    }

    public void Tick(TimeSpan now)
    {
        if (now < _rotateAt) return;

        if (now < _rotateAt + Rotation) _current.CopyTo(_previous, 0);
        else _random.NextBytes(_previous);
        _random.NextBytes(_current);
        _rotateAt = now + Rotation;
    }

    private static void Hash(ReadOnlySpan<byte> secret, NetEndPoint address, Span<byte> token)
    {
        Span<byte> input = stackalloc byte[SecretLength + NetEndPoint.CompactLengthV6];
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        secret.CopyTo(input);
        address.WithPort(0).WriteCompact(input[SecretLength..]);
        SHA256.HashData(input[..(SecretLength + address.CompactLength)], hash);
        hash[..TokenLength].CopyTo(token);
    }
}
