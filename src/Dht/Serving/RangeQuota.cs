using Shoal.Core;

namespace Shoal.Dht.Serving;

/// <summary>
/// How much of a store each range of global addresses holds, so that no one owner fills it alone; near addresses are not counted.
/// A fixed table, as in <see cref="SourceLimiter"/>.
/// </summary>
internal sealed class RangeQuota(int slots, int max, Random random)
{
    private readonly KeyedHash _hash = KeyedHash.Create(random);
    private readonly int[] _held = new int[slots];

    public bool TryTake(NetEndPoint source)
    {
        if (source.Scope != NetworkScope.Global) return true;

        ref var held = ref _held[_hash.Slot(source.Range, slots)];
        if (held >= max) return false;

        held++;
        return true;
    }

    public void GiveBack(NetEndPoint source)
    {
        if (source.Scope == NetworkScope.Global) _held[_hash.Slot(source.Range, slots)]--;
    }
}
