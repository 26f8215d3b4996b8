namespace Shoal.Dht.Serving;

/// <summary>So many of something in a second.</summary>
internal struct Allowance
{
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(1);

    private TimeSpan _start;
    private int _taken;

    public bool TryTake(int perSecond, TimeSpan now)
    {
        if (_taken == 0 || now - _start >= Window) (_start, _taken) = (now, 0);
        if (_taken >= perSecond) return false;

        _taken++;
        return true;
    }
}
