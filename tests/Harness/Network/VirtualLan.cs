using Shoal.Core;

namespace Shoal.Harness.Network;

/// <summary>A link of a <see cref="VirtualNetwork"/>: what one says to the group, all who joined hear, the speaker included.</summary>
public sealed class VirtualLan(VirtualNetwork network)
{
    private readonly List<NetEndPoint> _members = [];

    public VirtualNetwork Network => network;

    /// <summary>How many datagrams were said, by each.</summary>
    public Dictionary<NetEndPoint, int> Said { get; } = [];

    public VirtualMulticastSocket Open(NetEndPoint at) => new(this, at);

    /// <summary>Says something, as a member or as anybody else.</summary>
    public void Say(ReadOnlySpan<byte> datagram, NetEndPoint from)
    {
        Said[from] = Said.GetValueOrDefault(from) + 1;
        foreach (var member in _members) network.Send(datagram, from, member);
    }

    internal void Join(NetEndPoint member, VirtualNetwork.DatagramReceiver receiver)
    {
        network.Attach(member, receiver);
        _members.Add(member);
    }

    internal void Leave(NetEndPoint member)
    {
        network.Detach(member);
        _members.Remove(member);
    }
}
