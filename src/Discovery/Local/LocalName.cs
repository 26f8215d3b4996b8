using Shoal.Core;

namespace Shoal.Discovery.Local;

/// <summary>A torrent that is joined, or the rendezvous: what is said of it, and when.</summary>
internal sealed class LocalName(Hash160 name)
{
    private static readonly TimeSpan Every = TimeSpan.FromMinutes(5); // BEP 14
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(2);

    private readonly int[] _holds = new int[(int)Saying.Announced + 1];
    private TimeSpan _lastAt;
    private TimeSpan? _newAt;
    private TimeSpan? _askedAt;
    private bool _isUnsaid;

    public Hash160 Name => name;

    public Saying Saying { get; private set; }

    /// <summary>When it is next to be said.</summary>
    public TimeSpan DueAt
    {
        get
        {
            if (Saying == Saying.Nothing) return TimeSpan.MaxValue;

            var own = _newAt ?? _lastAt + Every;
            return _askedAt is { } asked && asked < own ? asked : own;
        }
    }

    public Urgency UrgencyAt(TimeSpan now) => _askedAt <= now ? Urgency.Asked : _newAt <= now ? Urgency.New : Urgency.Routine;

    /// <summary>Somebody wants it so.</summary>
    public void Hold(Saying saying, TimeSpan now)
    {
        _holds[(int)saying]++;
        if (Weigh()) Renew(now);
    }

    /// <returns>False if nobody wants it any more.</returns>
    public bool Release(Saying saying)
    {
        _holds[(int)saying]--;
        Weigh();
        return _holds.AsSpan().ContainsAnyExcept(0);
    }

    /// <summary>To be said at once, and once more soon after, since datagrams get lost.</summary>
    public void Renew(TimeSpan now) => (_newAt, _isUnsaid) = (now, true);

    /// <summary>To be said by then, since somebody is new; it stands for saying it once more, too.</summary>
    public void Answer(TimeSpan at) => _askedAt = _askedAt is { } already && already < at ? already : at;

    public void Said(TimeSpan now)
    {
        _lastAt = now;
        _askedAt = null;
        _newAt = _isUnsaid ? now + Again : null;
        _isUnsaid = false;
    }

    /// <returns>Whether more is to be said than before.</returns>
    private bool Weigh()
    {
        var before = Saying;
        Saying = (Saying)Math.Max(0, _holds.AsSpan().LastIndexOfAnyExcept(0));
        return Saying > before;
    }
}
