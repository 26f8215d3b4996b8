using System.Security.Cryptography;

namespace Shoal.Core;

/// <summary>The platform's hashes, as values.</summary>
public static class Hash
{
    public static Hash256 Sha256(ReadOnlySpan<byte> data)
    {
        Span<byte> hash = stackalloc byte[Hash256.Length];
        SHA256.HashData(data, hash);
        return new Hash256(hash);
    }

    public static Hash160 Sha1(ReadOnlySpan<byte> data)
    {
        Span<byte> hash = stackalloc byte[Hash160.Length];
        SHA1.HashData(data, hash);
        return new Hash160(hash);
    }
}
