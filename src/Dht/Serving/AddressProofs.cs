using Shoal.Core;
using Shoal.Dht.Routing;

namespace Shoal.Dht.Serving;

/// <summary>
/// Which addresses are known to be truly whose datagrams bear them: those that brought back a token, or answered a query of ours.
/// A fixed table that forgets whoever another falls upon; that costs nothing but a shorter answer.
/// </summary>
internal sealed class AddressProofs(int slots, Random random)
{
    private static readonly TimeSpan Lifetime = Contact.GoodFor;

    private readonly KeyedHash _hash = KeyedHash.Create(random);
    private readonly (ulong Address, TimeSpan Until)[] _slots = new (ulong, TimeSpan)[slots];

    public void Proven(NetEndPoint endPoint, TimeSpan now)
    {
        if (endPoint.Scope != NetworkScope.Global) return;

        var address = _hash.Of(endPoint.WithPort(0));
        _slots[Slot(address)] = (address, now + Lifetime);
    }

    /// <summary>Near addresses are: whoever can forge them is already inside.</summary>
    public bool IsProven(NetEndPoint endPoint, TimeSpan now)
    {
        if (endPoint.Scope != NetworkScope.Global) return true;

        var address = _hash.Of(endPoint.WithPort(0));
        var (known, until) = _slots[Slot(address)];
        return known == address && now < until;
    }

    private int Slot(ulong address) => (int)Math.BigMul(address, (ulong)slots, out _);
}
