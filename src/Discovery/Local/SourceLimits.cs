using Shoal.Core;

namespace Shoal.Discovery.Local;

/// <summary>
/// How many datagrams are heard in ten seconds, of one address and of all together. Several nodes may live at one address, so it is generous; ports are the
/// sender's choice and do not count. The table has a fixed size: addresses that fall on one slot share it, under a secret mixing.
/// </summary>
internal sealed class SourceLimits(Random random)
{
    public const int PerSource = 100;
    public const int Overall = 1000;
    public static readonly TimeSpan Window = TimeSpan.FromSeconds(10);

    private const int Slots = 1024;

    private readonly ulong _secret = (ulong)random.NextInt64() | 1;
    private readonly (TimeSpan Start, int Count)[] _slots = new (TimeSpan, int)[Slots];
    private (TimeSpan Start, int Count) _overall;

    public bool Allows(NetEndPoint source, TimeSpan now)
    {
        var mixed = (ulong)source.WithPort(0).GetHashCode() * _secret;
        return Count(ref _slots[(mixed >> 32) % Slots], PerSource, now) && Count(ref _overall, Overall, now);
    }

    private static bool Count(ref (TimeSpan Start, int Count) slot, int most, TimeSpan now)
    {
        if (slot.Count == 0 || now - slot.Start >= Window) slot = (now, 0);
        if (slot.Count >= most) return false;

        slot.Count++;
        return true;
    }
}
