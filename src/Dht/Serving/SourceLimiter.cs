using Shoal.Core;

namespace Shoal.Dht.Serving;

/// <summary>
/// How many queries one source may ask in a second. Global addresses count whatever their port, nearer ones with it. The table has a fixed size: sources that
/// fall on the same slot share its allowance, under a secret mixing so that nobody can choose with whom.
/// </summary>
internal sealed class SourceLimiter(int perGlobalSource, int perLocalSource, Random random)
{
    private const int Slots = 4096;

    private static readonly TimeSpan Window = TimeSpan.FromSeconds(1);

    private readonly ulong _secret = (ulong)random.NextInt64() | 1;
    private readonly (TimeSpan Start, int Count)[] _slots = new (TimeSpan, int)[Slots];

    public bool Allows(NetEndPoint source, TimeSpan now)
    {
        var isGlobal = source.Scope == NetworkScope.Global;
        var mixed = (ulong)(isGlobal ? source.WithPort(0) : source).GetHashCode() * _secret;
        ref var slot = ref _slots[(mixed >> 32) % Slots];
        if (slot.Count == 0 || now - slot.Start >= Window) slot = (now, 0);
        if (slot.Count >= (isGlobal ? perGlobalSource : perLocalSource)) return false;

        slot.Count++;
        return true;
    }
}
