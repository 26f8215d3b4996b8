namespace Shoal.Engine.Peers;

/// <summary>
/// How many peers to upload to by merit: enough to fill the uplink, and no more, since what is spread too thin rewards nobody. Nobody says how wide the uplink is, so one more is
/// tried while somebody waits; if that did not make the whole faster the uplink was full: it is taken back, and tried again later.
/// </summary>
internal sealed class UploadSlots(int start, int least, int most)
{
    private const int RoundsOfRest = 6;
    private const double WorthIt = 0.3; // of what a slot carried before
    private const double TooThin = 4_000; // bytes a second in each

    private double _before;
    private bool _isTrying;
    private int _rest;

    public int Count { get; private set; } = start;

    /// <summary>Once a round.</summary>
    /// <param name="rate">What all peers were given of late, bytes a second.</param>
    /// <param name="wanting">How many want to be given something.</param>
    public void Next(double rate, int wanting)
    {
        if (_isTrying)
        {
            _isTrying = false;
            if (rate - _before < _before / (Count - 1) * WorthIt)
            {
                Count--;
                _rest = RoundsOfRest;
            }
        }

        if (rate <= 0) return;
        if (rate / Count < TooThin && wanting >= Count)
        {
            Count = Math.Max(least, Count - 1);
            _rest = RoundsOfRest;
        }

        if (_rest > 0) _rest--;
        else if (wanting > Count + 1 && Count < most)
        {
            (_before, _isTrying) = (rate, true);
            Count++;
        }
    }
}
