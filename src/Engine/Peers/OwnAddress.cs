using Shoal.Core;

namespace Shoal.Engine.Peers;

/// <summary>Under which address others see us (BEP 10, <c>yourip</c>; BEP 24): a hint that is believed once peers of different networks agree. Used for nothing but priorities.</summary>
internal sealed class OwnAddress
{
    private const int MostClaims = 32;
    private const int MostVoters = 64;
    private const int Enough = 2;

    private readonly Dictionary<NetEndPoint, HashSet<NetEndPoint>> _claims = [];

    /// <param name="claimed">Our address as that peer sees it; its port is not looked at.</param>
    public void Hear(NetEndPoint voter, NetEndPoint claimed)
    {
        var address = claimed.WithPort(0);
        if (address.Scope != NetworkScope.Global || voter.Scope != NetworkScope.Global) return;
        if (!_claims.TryGetValue(address, out var voters))
        {
            if (_claims.Count >= MostClaims) return;

            _claims[address] = voters = [];
        }

        if (voters.Count < MostVoters) voters.Add(voter.Range);
    }

    /// <summary>Our end of a connection, as the peer sees it.</summary>
    /// <param name="local">As the connection has it: the same, unless there is a translator between.</param>
    public NetEndPoint SeenBy(NetEndPoint peer, NetEndPoint local)
    {
        if (peer.Scope != NetworkScope.Global) return local;

        NetEndPoint? best = null;
        var most = Enough - 1;
        foreach (var (address, voters) in _claims)
        {
            if (address.IsV6 == peer.IsV6 && voters.Count > most) (best, most) = (address.WithPort(local.Port), voters.Count);
        }

        return best ?? local;
    }
}
