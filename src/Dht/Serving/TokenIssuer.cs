using System.Buffers.Binary;
using System.Security.Cryptography;
using Shoal.Core;

namespace Shoal.Dht.Serving;

/// <summary>
/// Gives and checks the tokens that writing needs: a hash of the asker's address under a secret that changes every five minutes;
/// the secret before is honoured too, so a token lives five to ten minutes (BEP 5). Bound to no key: whoever has one may write any.
/// </summary>
internal sealed class TokenIssuer
{
    public const int TokenLength = sizeof(ulong);

    public static readonly TimeSpan Rotation = TimeSpan.FromMinutes(5);

    private readonly Random _random;
    private KeyedHash _current;
    private KeyedHash _previous;
    private TimeSpan _rotateAt;

    public TokenIssuer(Random random, TimeSpan now)
    {
        _random = random;
        _current = KeyedHash.Create(random);
        _previous = KeyedHash.Create(random);
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

        _previous = now < _rotateAt + Rotation ? _current : KeyedHash.Create(_random);
        _current = KeyedHash.Create(_random);
        _rotateAt = now + Rotation;
    }

    private static void Hash(KeyedHash secret, NetEndPoint address, Span<byte> token) =>
        BinaryPrimitives.WriteUInt64LittleEndian(token, secret.Of(address.WithPort(0)));
}
