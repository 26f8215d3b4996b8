using Shoal.Core;

namespace Shoal.Dht.Serving;

/// <summary>
/// How much one source may have in a second. Global addresses count together with their range (<see cref="NetEndPoint.Range"/>), nearer ones each with its port.
/// The table has a fixed size: sources that fall on the same slot share its allowance, under a secret so that nobody can choose with whom.
/// </summary>
internal sealed class SourceLimiter(int slots, int perGlobalSource, int perLocalSource, Random random)
{
    private readonly KeyedHash _hash = KeyedHash.Create(random);
    private readonly Allowance[] _slots = new Allowance[slots];

    public bool Allows(NetEndPoint source, TimeSpan now) =>
        _slots[_hash.Slot(source.Range, slots)].TryTake(source.Scope == NetworkScope.Global ? perGlobalSource : perLocalSource, now);
}
