using Shoal.Core;

namespace Shoal.Engine.Encryption;

/// <summary>
/// Whether to connect in plain or encrypted, and to whom: the order that a mode gives, or, for an endpoint that answered before, the one way in which it did. Remembers a bounded number
/// of endpoints and forgets the oldest. A leaf: any thread may call.
/// </summary>
internal sealed class KnownWays(EncryptionMode mode)
{
    public const int MaxKnown = 4096;

    private static readonly bool[] Plain = [false], Encrypted = [true], PlainFirst = [false, true], EncryptedFirst = [true, false];

    private readonly Lock _lock = new();
    private readonly Dictionary<NetEndPoint, bool> _isEncrypted = [];
    private readonly Queue<NetEndPoint> _order = [];

    /// <summary>What to try, in order: true is encrypted.</summary>
    public IReadOnlyList<bool> To(NetEndPoint endPoint)
    {
        if (mode is EncryptionMode.Off) return Plain;
        if (mode is EncryptionMode.Require) return Encrypted;

        lock (_lock)
        {
            if (_isEncrypted.TryGetValue(endPoint, out var isEncrypted)) return isEncrypted ? Encrypted : Plain;
        }

        return mode == EncryptionMode.Prefer ? EncryptedFirst : PlainFirst;
    }

    /// <summary>It answered.</summary>
    public void Remember(NetEndPoint endPoint, bool isEncrypted)
    {
        lock (_lock)
        {
            if (_isEncrypted.TryAdd(endPoint, isEncrypted)) _order.Enqueue(endPoint);
            else _isEncrypted[endPoint] = isEncrypted;
            if (_order.Count > MaxKnown) _isEncrypted.Remove(_order.Dequeue());
        }
    }

    /// <summary>It did not answer in the way it once did: next time both are tried.</summary>
    public void Forget(NetEndPoint endPoint)
    {
        lock (_lock) _isEncrypted.Remove(endPoint);
    }
}
