using Shoal.Core;

namespace Shoal.Dht.Serving;

/// <summary>
/// What we say to who wants to know which keys we store (BEP 51): all of them as long as they fit, and from then on a random few that stay the same
/// for a while, so that asking again and again gains nothing.
/// </summary>
internal sealed class KeySamples(PeerStore store, Random random)
{
    public const int Max = 30;

    public static readonly TimeSpan Interval = TimeSpan.FromMinutes(15); // BEP 51: up to six hours

    private readonly byte[] _packed = new byte[Max * Hash160.Length];
    private int _count;
    private TimeSpan _drawnAt;
    private bool _isDrawn;

    /// <summary>As many keys as fit into a message, one after the other.</summary>
    /// <param name="now">Monotonic.</param>
    /// <param name="interval">How long these stay as they are.</param>
    public ReadOnlySpan<byte> Take(TimeSpan now, out TimeSpan interval)
    {
        var fits = store.Keys <= Max;
        if (fits || !_isDrawn || now - _drawnAt >= Interval) Draw(now);
        _isDrawn = !fits;
        interval = fits ? TimeSpan.Zero : _drawnAt + Interval - now;
        return _packed.AsSpan(0, _count * Hash160.Length);
    }

    /// <summary>One key out of each of as many equal parts of the store: none twice, and nothing to remember.</summary>
    private void Draw(TimeSpan now)
    {
        _drawnAt = now;
        _count = Math.Min(store.Keys, Max);
        for (var i = 0; i < _count; i++)
        {
            var from = (int)((long)i * store.Keys / _count);
            var to = (int)((long)(i + 1) * store.Keys / _count);
            store.Key(random.Next(from, to)).CopyTo(_packed.AsSpan(i * Hash160.Length));
        }
    }
}
