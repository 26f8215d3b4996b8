namespace Shoal.Discovery.Local;

/// <summary>
/// How often we may speak: a datagram a minute (BEP 14), and beside it ten at once for what is new or was asked for, of which one comes back every ten
/// seconds. So a newcomer is told soon, and nobody makes us send more than seven a minute for long.
/// </summary>
internal sealed class AnnouncePace
{
    public const int Burst = 10;
    public static readonly TimeSpan Routine = TimeSpan.FromMinutes(1);
    public static readonly TimeSpan Refill = TimeSpan.FromSeconds(10);

    private double _urgent = Burst;
    private TimeSpan _countedAt;
    private TimeSpan? _lastAt;

    public bool TryTake(bool isUrgent, TimeSpan now)
    {
        _urgent = Math.Min(Burst, _urgent + (now - _countedAt) / Refill);
        _countedAt = now;
        var isRoutine = _lastAt is not { } last || now - last >= Routine;
        if (!isRoutine && (!isUrgent || _urgent < 1)) return false;

        if (!isRoutine) _urgent--;
        _lastAt = now;
        return true;
    }
}
