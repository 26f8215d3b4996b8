using Shoal.Core;

namespace Shoal.Discovery.Local;

/// <summary>Who said to have what, and when last. Whoever was not heard for two rounds is a stranger again. Of too many, the one not heard for longest is forgotten.</summary>
internal sealed class Neighbours
{
    public const int MaxHeard = 4096;
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(11);

    private readonly Dictionary<Voice, LinkedListNode<(Voice Voice, TimeSpan At)>> _voices = [];
    private readonly LinkedList<(Voice Voice, TimeSpan At)> _byTime = [];

    public int Count => _voices.Count;

    /// <returns>Whether it is news.</returns>
    public bool Hear(Hash160 name, NetEndPoint endPoint, string cookie, TimeSpan now)
    {
        var voice = new Voice(name, endPoint, cookie);
        var isNews = !_voices.Remove(voice, out var node);
        if (node is not null)
        {
            isNews = now - node.Value.At > Lifetime;
            _byTime.Remove(node);
        }

        if (_voices.Count >= MaxHeard) Forget(_byTime.First!);
        _voices.Add(voice, _byTime.AddLast((voice, now)));
        return isNews;
    }

    /// <summary>Those who have it, as far as is known.</summary>
    public IEnumerable<NetEndPoint> Of(Hash160 name, TimeSpan now)
    {
        while (_byTime.First is { } oldest && now - oldest.Value.At > Lifetime) Forget(oldest);
        return _byTime.Where(v => v.Voice.Name == name).Select(v => v.Voice.EndPoint).Distinct();
    }

    private void Forget(LinkedListNode<(Voice Voice, TimeSpan At)> node)
    {
        _voices.Remove(node.Value.Voice);
        _byTime.Remove(node);
    }

    private readonly record struct Voice(Hash160 Name, NetEndPoint EndPoint, string Cookie);
}
