using Shoal.Core;

namespace Shoal.Storage.Workers;

/// <summary>What one worker reads into and hashes in. Owned by its thread, so memory is bounded by the number of workers.</summary>
internal sealed class WorkerScratch
{
    /// <summary>Bytes read at once: enough to hide the cost of a call, little enough to stay in the cache.</summary>
    public const int BufferLength = 1 << 20;

    private byte[]? _buffer;
    private Sha1Stream? _sha1;
    private byte[] _hashes = new byte[64 * Hash256.Length];

    public Span<byte> Buffer => _buffer ??= GC.AllocateUninitializedArray<byte>(BufferLength);

    /// <summary>For pieces of v1; clean between two pieces.</summary>
    public Sha1Stream Sha1 => _sha1 ??= new Sha1Stream();

    /// <summary>Room for a number of hashes; holds no meaning.</summary>
    public Span<byte> Hashes(int count)
    {
        var length = count * Hash256.Length;
        if (_hashes.Length < length) _hashes = GC.AllocateUninitializedArray<byte>(length);
        return _hashes.AsSpan(0, length);
    }
}
