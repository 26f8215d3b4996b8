using System.Text;
using Shoal.Core;
using Shoal.Dht.Routing;

namespace Shoal.Simulation.Dht;

/// <summary>
/// Nodes that want a key to vanish: each in an address range of its own, with an ID that is valid there and as close to the key as its address allows. They take part,
/// and answer every query with a well-formed lie: the closest nodes are they themselves, announcements are accepted, nobody is there.
/// </summary>
internal sealed class Liars
{
    private const int MinBits = 14;

    private readonly DhtCity _city;
    private readonly List<(NodeId Id, NetEndPoint EndPoint)> _members = [];
    private readonly Random _random;
    private int _transaction;

    public Liars(DhtCity city, Hash160 key, int count)
    {
        _city = city;
        _random = new Random(city.Network.Random.Next());
        while (_members.Count < count)
        {
            var at = city.NewAddress();
            for (var r = 0; r < 8; r++)
            {
                var id = Closest(at, (byte)r, key);
                if ((id.Value ^ key).LeadingZeros < MinBits) continue;

                _members.Add((id, at));
                city.Network.Attach(at, (datagram, from) => Answer(id, at, datagram, from));
                break;
            }
        }
    }

    public long Lies { get; private set; }

    public IEnumerable<NetEndPoint> EndPoints => _members.Select(m => m.EndPoint);

    /// <summary>Whom they name to those who ask for a key: each other, unless told otherwise.</summary>
    public Func<IEnumerable<(NodeId Id, NetEndPoint EndPoint)>>? Names { get; init; }

    /// <summary>They ask everybody for the key, so that everybody comes to know them.</summary>
    public void Spread()
    {
        foreach (var (id, at) in _members)
            foreach (var resident in _city.Residents)
            {
                var query = $"d1:ad2:id20:{Text(id.Value)}6:target20:{Text(id.Value)}e1:q9:find_node1:t4:{_transaction++ % 10000:0000}1:y1:qe";
                _city.Network.Send(Encoding.Latin1.GetBytes(query), at, resident.EndPoint);
            }
    }

    /// <summary>Of the IDs that an address may have, one as close to the key as possible: what BEP 42 does not bind is free.</summary>
    private NodeId Closest(NetEndPoint at, byte r, Hash160 key)
    {
        Span<byte> bound = stackalloc byte[Hash160.Length];
        Span<byte> wanted = stackalloc byte[Hash160.Length];
        NodeId id;
        do
        {
            id = NodeIdRule.Create(at, _random);
            id.Value.CopyTo(bound);
        }
        while ((bound[^1] & 7) != r);

        key.CopyTo(wanted);
        wanted[0] = bound[0];
        wanted[1] = bound[1];
        wanted[2] = (byte)((bound[2] & 0xF8) | (wanted[2] & 7));
        wanted[^1] = (byte)((wanted[^1] & 0xF8) | r);
        var chosen = new NodeId(new Hash160(wanted));
        return NodeIdRule.Accepts(chosen, at) ? chosen : id;
    }

    private void Answer(NodeId id, NetEndPoint at, ReadOnlyMemory<byte> datagram, NetEndPoint from)
    {
        var text = Encoding.Latin1.GetString(datagram.Span);
        if (!text.EndsWith("1:y1:qe", StringComparison.Ordinal)) return;

        Lies++;
        var transaction = text.Substring(text.LastIndexOf("1:t4:", StringComparison.Ordinal) + 5, 4);
        var nodes = new StringBuilder();
        foreach (var (other, endPoint) in (Names?.Invoke() ?? _members).OrderBy(_ => _random.Next()).Take(8)) nodes.Append(Text(other.Value)).Append(Compact(endPoint));
        var body = $"2:id20:{Text(id.Value)}5:nodes{nodes.Length}:{nodes}5:token4:lies";
        _city.Network.Send(Encoding.Latin1.GetBytes($"d1:rd{body}e1:t4:{transaction}1:y1:re"), at, from);
    }

    private static string Text(Hash160 value) => Encoding.Latin1.GetString(value.ToArray());

    private static string Compact(NetEndPoint endPoint)
    {
        Span<byte> compact = stackalloc byte[NetEndPoint.CompactLengthV4];
        endPoint.WriteCompact(compact);
        return Encoding.Latin1.GetString(compact);
    }
}
