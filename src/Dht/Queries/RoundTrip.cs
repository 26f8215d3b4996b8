namespace Shoal.Dht.Queries;

/// <summary>How long answers take, smoothed as TCP does it (RFC 6298), and so when somebody counts as slow.</summary>
internal sealed class RoundTrip
{
    private static readonly TimeSpan Floor = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Ceiling = TimeSpan.FromSeconds(1);

    private TimeSpan _smoothed;
    private TimeSpan _variation;

    /// <summary>After this the next contact is asked, though the answer stays welcome.</summary>
    public TimeSpan ShortTimeout { get; private set; } = Ceiling;

    public void Measured(TimeSpan sample)
    {
        if (_smoothed == TimeSpan.Zero) (_smoothed, _variation) = (sample, sample / 2);
        else
        {
            _variation = (_variation * 3 + (_smoothed - sample).Duration()) / 4;
            _smoothed = (_smoothed * 7 + sample) / 8;
        }

        var timeout = _smoothed + _variation * 4;
        ShortTimeout = timeout < Floor ? Floor : timeout > Ceiling ? Ceiling : timeout;
    }
}
