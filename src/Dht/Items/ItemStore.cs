using System.Diagnostics.CodeAnalysis;
using Shoal.Core;
using Shoal.Dht.Krpc;
using Shoal.Dht.Serving;

namespace Shoal.Dht.Items;

/// <summary>
/// Items that others put here (BEP 44): bounded, forgotten two hours after the last put, farthest key first when full; no range of addresses holds
/// more than a quarter. A signature is checked last, when nothing else speaks against the item.
/// </summary>
internal sealed class ItemStore(Hash160 self, DhtNodeOptions options, Random random)
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(2); // BEP 44

    private static readonly TimeSpan SweepEvery = TimeSpan.FromMinutes(1);

    private readonly NearestKeys<StoredItem> _items = new(self, options.MaxStoredItems, random);
    private readonly RangeQuota _quota = new(options.SourceSlots, Math.Max(1, options.MaxStoredItems / 4), random);
    private Allowance _checks;
    private TimeSpan _sweepAt;

    public int Count => _items.Count;

    /// <summary>Our own ID, which decides what goes first.</summary>
    public Hash160 Self
    {
        get => _items.Self;
        set => _items.Self = value;
    }

    public bool TryGet(Hash160 target, TimeSpan now, [NotNullWhen(true)] out DhtItem? item)
    {
        item = _items.TryGet(target, out var stored) && now - stored.At < Lifetime ? stored.Item : null;
        return item is not null;
    }

    /// <summary>Stores what a put brings, or says why not; null if it is stored.</summary>
    /// <param name="put">Its token was checked.</param>
    /// <param name="from">Whose quota it takes from.</param>
    /// <param name="now">When it came.</param>
    public KrpcError? Put(in KrpcMessage put, NetEndPoint from, TimeSpan now)
    {
        if (put.Value.Length > DhtItem.MaxValueLength) return KrpcError.ValueTooBig;
        if (put.Salt.Length > DhtItem.MaxSaltLength) return KrpcError.SaltTooBig;
        if (!DhtItem.IsValue(put.Value)) return KrpcError.Protocol;

        var isMutable = !put.Key.IsEmpty;
        if (!isMutable && !put.Signature.IsEmpty) return KrpcError.Protocol;
        if (isMutable && put.Sequence is null or < 0) return KrpcError.Protocol;

        var target = isMutable ? DhtItem.TargetOf(put.Key, put.Salt) : DhtItem.TargetOf(put.Value);
        if (!TryGet(target, now, out var stored)) return Add(target, put, from, now);
        if (!isMutable) return Renew(target, now);

        if (put.Cas is { } expected && expected != stored.Sequence) return KrpcError.CasMismatch;
        if (put.Sequence < stored.Sequence) return KrpcError.SequenceTooLow;
        if (put.Sequence > stored.Sequence) return Replace(target, put, now);

        var isSame = put.Value.SequenceEqual(stored.Value.Span) && put.Signature.SequenceEqual(stored.Signature.Span);
        return isSame ? Renew(target, now) : KrpcError.SequenceTooLow;
    }

    /// <summary>Stores an item that we put ourselves, unless a newer version is here.</summary>
    /// <param name="item">Ours.</param>
    /// <param name="now">When it is put.</param>
    public void Keep(DhtItem item, TimeSpan now)
    {
        if (_items.TryGet(item.Target, out var stored))
        {
            if (now - stored.At < Lifetime && stored.Item.Sequence > item.Sequence) return;
            Remove(stored);
        }

        if (_items.IsFull && !_items.IsNearer(item.Target)) return;
        if (!_quota.TryTake(default)) return;

        if (_items.IsFull) Remove(_items.Farthest);
        _items.Add(new StoredItem(item, default, now));
    }

    public void Tick(TimeSpan now)
    {
        if (now < _sweepAt) return;

        _sweepAt = now + SweepEvery;
        for (var i = _items.Count - 1; i >= 0; i--)
            if (now - _items[i].At >= Lifetime) Remove(_items[i]);
    }

    private KrpcError? Add(Hash160 target, in KrpcMessage put, NetEndPoint from, TimeSpan now)
    {
        if (_items.TryGet(target, out var expired)) Remove(expired);
        if (_items.IsFull && !_items.IsNearer(target)) return KrpcError.Server;
        if (Check(target, put, now, out var item) is { } error) return error;
        if (!_quota.TryTake(from)) return KrpcError.Server;

        if (_items.IsFull) Remove(_items.Farthest);
        _items.Add(new StoredItem(item!, from, now));
        return null;
    }

    private KrpcError? Replace(Hash160 target, in KrpcMessage put, TimeSpan now)
    {
        if (Check(target, put, now, out var item) is { } error) return error;

        _items.TryGet(target, out var stored);
        (stored!.Item, stored.At) = (item!, now);
        return null;
    }

    private KrpcError? Renew(Hash160 target, TimeSpan now)
    {
        if (_items.TryGet(target, out var stored)) stored.At = now;
        return null;
    }

    private KrpcError? Check(Hash160 target, in KrpcMessage put, TimeSpan now, out DhtItem? item)
    {
        item = null;
        if (!put.Key.IsEmpty && !_checks.TryTake(options.SignatureChecks, now)) return KrpcError.Server;
        return DhtItem.TryVerify(target, put.Salt, put, out item) ? null : KrpcError.InvalidSignature;
    }

    private void Remove(StoredItem stored)
    {
        _quota.GiveBack(stored.From);
        _items.Remove(stored);
    }

    private sealed class StoredItem(DhtItem item, NetEndPoint from, TimeSpan now) : KeyEntry(item.Target)
    {
        public DhtItem Item { get; set; } = item;

        public NetEndPoint From { get; } = from;

        public TimeSpan At { get; set; } = now;
    }
}
