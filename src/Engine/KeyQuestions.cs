using Shoal.Core;

namespace Shoal.Engine;

/// <summary>
/// How often peers may ask for keys of which no swarm runs, since each question costs a look into the store: so many at once from one address, and then at a steady pace; of global addresses a
/// range counts as one. Remembers a bounded number of them. A leaf: any thread may call.
/// </summary>
internal sealed class KeyQuestions
{
    public const int Burst = 64;
    public const int PerSecond = 4;
    private const int MaxKnown = 4096;

    private readonly Lock _lock = new();
    private readonly Dictionary<NetEndPoint, (double Left, TimeSpan At)> _known = [];

    /// <summary>Whether the peer may ask once more.</summary>
    public bool TryTake(NetEndPoint endPoint, TimeSpan now)
    {
        var owner = endPoint.Scope == NetworkScope.Global ? endPoint.Range : endPoint.WithPort(0);
        lock (_lock)
        {
            var (left, at) = _known.GetValueOrDefault(owner, (Burst, now));
            left = Math.Min(Burst, left + (now - at).TotalSeconds * PerSecond);
            if (!_known.ContainsKey(owner) && _known.Count >= MaxKnown && !MakeRoom(now)) return false;

            _known[owner] = (Math.Max(0, left - 1), now);
            return left >= 1;
        }
    }

    /// <summary>Who would have its full burst again need not be remembered.</summary>
    private bool MakeRoom(TimeSpan now)
    {
        foreach (var (owner, (left, at)) in _known)
        {
            if (left + (now - at).TotalSeconds * PerSecond >= Burst) _known.Remove(owner);
        }

        return _known.Count < MaxKnown;
    }
}
