using Shoal.Core;

namespace Shoal.Dht.Lookups;

/// <summary>All keys that share so many leading bits with one.</summary>
internal readonly record struct KeyRegion(Hash160 Key, int Bits)
{
    /// <summary>How large a part of the key space it is.</summary>
    public double Share => Math.Pow(2, -Bits);

    public bool Contains(Hash160 key) => (key ^ Key).LeadingZeros >= Bits;
}
