using System.Security.Cryptography;
using Shoal.Core;

namespace Shoal.Storage.Workers;

/// <summary>The SHA-1 of a piece of v1 that comes in parts, with zeros behind it where it is padded (BEP 3, BEP 47).</summary>
internal sealed class Sha1Stream : IDisposable
{
    private static readonly byte[] Zeros = new byte[64 * 1024];

    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);
    private bool _isClean = true;

    public void Append(ReadOnlySpan<byte> part)
    {
        _isClean = false;
        _hash.AppendData(part);
    }

    public Hash160 Finish(int padding)
    {
        for (; padding > 0; padding -= Zeros.Length) Append(Zeros.AsSpan(0, Math.Min(padding, Zeros.Length)));

        Span<byte> value = stackalloc byte[Hash160.Length];
        _hash.GetHashAndReset(value);
        _isClean = true;
        return new Hash160(value);
    }

    /// <summary>Forgets what was appended and not finished.</summary>
    public void Reset()
    {
        if (!_isClean) Finish(padding: 0);
    }

    public void Dispose() => _hash.Dispose();
}
