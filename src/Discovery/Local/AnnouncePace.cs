namespace Shoal.Discovery.Local;

/// <summary>
/// How often we may speak: a datagram a minute (BEP 14), and beside it ten at once for what is new or was asked for, of which one comes back every ten
/// seconds. What is new leaves half of them to answers. So a newcomer is told soon, and nobody makes us send more than seven a minute for long.
/// </summary>
internal sealed class AnnouncePace
{
    public const int Burst = 10;
    public const int KeptForAnswers = Burst / 2;
    public static readonly TimeSpan Routine = TimeSpan.FromMinutes(1);
    public static readonly TimeSpan Refill = TimeSpan.FromSeconds(10);

    private double _left = Burst;
    private TimeSpan _countedAt;
    private TimeSpan? _lastAt;

    public bool TryTake(Urgency urgency, TimeSpan now)
    {
        _left = Math.Min(Burst, _left + (now - _countedAt) / Refill);
        _countedAt = now;
        if (_lastAt is { } last && now - last < Routine)
        {
            var needed = urgency switch
            {
                Urgency.Asked => 1,
                Urgency.New => 1 + KeptForAnswers,
                _ => double.PositiveInfinity,
            };
            if (_left < needed) return false;

            _left--;
        }

        _lastAt = now;
        return true;
    }
}
