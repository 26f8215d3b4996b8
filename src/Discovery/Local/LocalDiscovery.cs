using System.Globalization;
using Shoal.Core;

namespace Shoal.Discovery.Local;

/// <summary>
/// Finds peers and DHT nodes on the local network, and lets them find us (BEP 14; the rendezvous is decision 12). What is new is said within a tick and once
/// more after two seconds, then every five minutes, as many names a datagram as fit. A newcomer is answered within a second. Pure: owned by one loop, told the
/// time, and all it does goes to its effects.
/// </summary>
internal sealed class LocalDiscovery
{
    private const int CrowdOfNeighbours = 32;
    private static readonly TimeSpan LongestAnswerDelay = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Breath = TimeSpan.FromSeconds(1);

    private readonly LocalDiscoveryOptions _options;
    private readonly Random _random;
    private readonly ILocalEffects _effects;
    private readonly Dictionary<Hash160, LocalName> _names = [];
    private readonly LocalName _rendezvous = new(Rendezvous.Key);
    private readonly AnnouncePace _pace = new();
    private readonly SourceLimits _limits;
    private readonly Neighbours _neighbours = new();
    private readonly string _cookie;
    private TimeSpan _dueAt;

    public LocalDiscovery(LocalDiscoveryOptions options, Random random, ILocalEffects effects, TimeSpan now)
    {
        (_options, _random, _effects) = (options, random, effects);
        _limits = new SourceLimits(random);
        _cookie = random.NextInt64().ToString("x16", CultureInfo.InvariantCulture);
        _rendezvous.Hold(Saying.Announced, now);
    }

    /// <summary>Tells of peers of a torrent, those heard already at once, until it is left as often as it was joined.</summary>
    public void Join(Hash160 torrent, LocalInterest interest, TimeSpan now)
    {
        if (!_names.TryGetValue(torrent, out var name)) _names.Add(torrent, name = new LocalName(torrent));
        name.Hold(SayingOf(interest), now);
        WakeBy(name.DueAt);
        foreach (var peer in _neighbours.Of(torrent, now)) _effects.PeerHeard(torrent, peer);
    }

    public void Leave(Hash160 torrent, LocalInterest interest)
    {
        if (_names.TryGetValue(torrent, out var name) && !name.Release(SayingOf(interest))) _names.Remove(torrent);
    }

    /// <summary>There is a network that was not there before: all is said anew.</summary>
    public void Arrive(TimeSpan now)
    {
        foreach (var name in _names.Values) name.Renew(now);
        _rendezvous.Renew(now);
        WakeBy(now);
    }

    /// <param name="datagram">Anything.</param>
    /// <param name="from">Who sent it.</param>
    /// <param name="isOnLink">Whether that address is in a subnet of ours.</param>
    /// <param name="now">The time.</param>
    public void Handle(ReadOnlySpan<byte> datagram, NetEndPoint from, bool isOnLink, TimeSpan now)
    {
        if (!IsNear(from, isOnLink) || !_limits.Allows(from, now)) return;
        if (!AnnouncementReader.TryRead(datagram, out var heard) || heard.Cookie == _cookie) return;

        if (heard.IsRendezvous) HearNode(from.WithPort(heard.DhtPort), heard.Cookie, now);
        var peer = from.WithPort(heard.Port);
        if (peer.IsUsableFrom(from.Scope))
        {
            foreach (var torrent in heard.Torrents) HearPeer(torrent, peer, heard.Cookie, now);
        }

        foreach (var torrent in heard.Wanted)
        {
            if (_names.TryGetValue(torrent, out var name)) Answer(name, now);
        }
    }

    public void Tick(TimeSpan now)
    {
        while (now >= _dueAt)
        {
            var due = _names.Values.Append(_rendezvous).Where(n => n.DueAt <= now).OrderByDescending(n => n.UrgencyAt(now)).ThenBy(n => n.DueAt).ToList();
            if (due.Count > 0 && !_pace.TryTake(due[0].UrgencyAt(now), now))
            {
                _dueAt = now + Breath;
                return;
            }

            if (due.Count > 0) Say(due, now);
            _dueAt = _names.Values.Append(_rendezvous).Min(n => n.DueAt);
        }
    }

    /// <summary>What is due, as far as it fits. The rendezvous always does, but only when it is due: aria2 and Transmission read no more than 200 bytes, which one torrent without it keeps within.</summary>
    private void Say(List<LocalName> due, TimeSpan now)
    {
        var said = due.Where(n => n != _rendezvous).Take(Announcement.MaxNames).ToList();
        var meets = due.Contains(_rendezvous);
        foreach (var name in said) name.Said(now);
        if (meets) _rendezvous.Said(now);
        _effects.Send(new Announcement
        {
            Port = _options.Port,
            DhtPort = meets ? _options.DhtPort : 0,
            Cookie = _cookie,
            IsRendezvous = meets,
            Torrents = [.. said.Where(n => n.Saying == Saying.Announced).Select(n => n.Name)],
            Wanted = [.. said.Where(n => n.Saying == Saying.Wanted).Select(n => n.Name)],
        });
    }

    /// <summary>A node without a port met nobody yet or only asks, but whoever is new may want ours.</summary>
    private void HearNode(NetEndPoint node, string cookie, TimeSpan now)
    {
        var isNews = _neighbours.Hear(Rendezvous.Key, node, cookie, now);
        if (node.Port != 0) _effects.NodeHeard(node);
        if (isNews && _options.DhtPort != 0) Answer(_rendezvous, now);
    }

    private void HearPeer(Hash160 torrent, NetEndPoint peer, string cookie, TimeSpan now)
    {
        var isNews = _neighbours.Hear(torrent, peer, cookie, now);
        if (!_names.TryGetValue(torrent, out var name)) return;

        _effects.PeerHeard(torrent, peer);
        // aria2, which has no cookie, forgets whom it heard when it has the metadata, and announces anew.
        if (isNews || cookie.Length == 0) Answer(name, now);
    }

    /// <summary>The more neighbours there are, the longer we may wait, so that not all speak at once.</summary>
    private void Answer(LocalName name, TimeSpan now)
    {
        if (name.Saying != Saying.Announced) return;

        var crowd = Math.Min(1, (_neighbours.Count + 1.0) / CrowdOfNeighbours);
        name.Answer(now + LongestAnswerDelay * (crowd * _random.NextDouble()));
        WakeBy(name.DueAt);
    }

    private void WakeBy(TimeSpan at)
    {
        if (at < _dueAt) _dueAt = at;
    }

    private Saying SayingOf(LocalInterest interest) => interest switch
    {
        LocalInterest.Get or LocalInterest.Share when _options.Port != 0 => Saying.Announced,
        LocalInterest.Share => Saying.Nothing,
        _ => Saying.Wanted,
    };

    /// <summary>A link-local address of IPv6 cannot be called without its zone, which an endpoint does not hold.</summary>
    private static bool IsNear(NetEndPoint from, bool isOnLink) => from.Scope switch
    {
        NetworkScope.Private => true,
        NetworkScope.LinkLocal => !from.IsV6,
        NetworkScope.Global => isOnLink,
        _ => false,
    };
}
