using Shoal.Core;

namespace Shoal.Dht.Routing;

/// <summary>
/// The contacts of one address family by distance from our own ID (BEP 5). Bucket i holds those that share exactly i leading bits with us, the last
/// one all that share more; only the last is ever split. Invariants: at most <see cref="K"/> contacts to a bucket, never our own ID,
/// no endpoint twice, and nobody who has not answered us. Owned by <see cref="DhtNode"/>.
/// </summary>
internal sealed class RoutingTable(NodeId self)
{
    public const int K = 8; // BEP 5

    private readonly List<Bucket> _buckets = [new Bucket(TimeSpan.Zero)];
    private readonly Dictionary<NetEndPoint, Contact> _byEndPoint = [];

    public IReadOnlyList<Bucket> Buckets => _buckets;

    public IReadOnlyCollection<Contact> Contacts => _byEndPoint.Values;

    public int Count => _byEndPoint.Count;

    /// <summary>Changes whenever a contact comes or goes.</summary>
    public int Version { get; private set; }

    public Contact? Find(NetEndPoint endPoint) => _byEndPoint.GetValueOrDefault(endPoint);

    /// <summary>Contacts worth asking: good and questionable.</summary>
    public int Usable
    {
        get
        {
            var usable = 0;
            foreach (var bucket in _buckets)
                foreach (var contact in bucket.Contacts)
                    if (contact.Failures < Contact.BadAfter) usable++;
            return usable;
        }
    }

    /// <summary>Whether a contact of this ID, if it answered, would be entered or kept in reserve.</summary>
    public bool WouldTake(NodeId id, TimeSpan now)
    {
        if (id == self) return false;

        var bucket = _buckets[IndexOf(id.Value)];
        if (!bucket.IsFull || bucket == _buckets[^1] || bucket.Replacements.Count < K) return true;

        foreach (var contact in bucket.Contacts)
            if (contact.State(now) != ContactState.Good) return true;
        return false;
    }

    /// <summary>A contact has answered a query of ours. True if it is new in the table.</summary>
    public bool Answered(NodeId id, NetEndPoint endPoint, TimeSpan now)
    {
        if (id == self) return false;

        if (_byEndPoint.TryGetValue(endPoint, out var known))
        {
            if (known.Id == id)
            {
                known.Answered(now);
                _buckets[IndexOf(id.Value)].LastChanged = now;
                return false;
            }

            Remove(known);
        }

        var contact = new Contact(id, endPoint, now);
        while (true)
        {
            var bucket = _buckets[IndexOf(id.Value)];
            var sameId = bucket.Contacts.Find(c => c.Id == id);
            if (sameId is not null)
            {
                if (sameId.State(now) == ContactState.Good) return false;
                Remove(sameId);
            }

            if (!bucket.IsFull)
            {
                Enter(bucket, contact, now);
                return true;
            }

            var bad = bucket.Contacts.Find(c => c.State(now) == ContactState.Bad);
            if (bad is not null)
            {
                Remove(bad);
                Enter(bucket, contact, now);
                return true;
            }

            if (bucket != _buckets[^1] || _buckets.Count >= Hash160.Bits)
            {
                bucket.Remember(contact);
                return false;
            }

            Split(now);
        }
    }

    /// <summary>A contact asked us something: it is alive, if it was known before.</summary>
    public void Asked(NodeId id, NetEndPoint endPoint, TimeSpan now)
    {
        if (_byEndPoint.TryGetValue(endPoint, out var known) && known.Id == id) known.Asked(now);
    }

    /// <summary>A query to it went unanswered. One that has become bad gives way to a replacement at once, and is dropped for good while others live.</summary>
    public void Failed(NetEndPoint endPoint, TimeSpan now)
    {
        if (!_byEndPoint.TryGetValue(endPoint, out var contact)) return;

        contact.Failed();
        if (contact.State(now) != ContactState.Bad) return;

        var bucket = _buckets[IndexOf(contact.Id.Value)];
        if (bucket.Replacements.Count > 0)
        {
            var replacement = bucket.Replacements[^1];
            if (!_byEndPoint.ContainsKey(replacement.EndPoint) && bucket.TryReplace(contact, now))
            {
                _byEndPoint.Remove(contact.EndPoint);
                _byEndPoint.Add(replacement.EndPoint, replacement);
                Version++;
            }
            else bucket.Replacements.Remove(replacement);
        }
        else if (contact.Failures > 2 * Contact.BadAfter && Usable > 0) Remove(contact);
    }

    /// <summary>The usable contacts closest to a target, closest first; how many there were. Allocates nothing.</summary>
    public int Closest(Hash160 target, Span<Contact> closest, NetworkScope asker = NetworkScope.None)
    {
        var count = 0;
        var own = IndexOf(target);
        count = Gather(_buckets[own], target, closest, count, asker);
        if (count < closest.Length)
        {
            var from = count;
            for (var i = own + 1; i < _buckets.Count; i++)
                count = from + Gather(_buckets[i], target, closest[from..], count - from, asker);
        }

        for (var i = own - 1; i >= 0 && count < closest.Length; i--)
        {
            var from = count;
            count = from + Gather(_buckets[i], target, closest[from..], 0, asker);
        }

        return count;
    }

    /// <summary>An ID somewhere in a bucket's range.</summary>
    public Hash160 RandomIn(int bucket, Random random)
    {
        Span<byte> bytes = stackalloc byte[Hash160.Length];
        Span<byte> own = stackalloc byte[Hash160.Length];
        random.NextBytes(bytes);
        self.Value.CopyTo(own);
        for (var bit = 0; bit <= bucket && bit < Hash160.Bits; bit++)
        {
            var mask = (byte)(0x80 >> (bit % 8));
            var flip = bit == bucket && bucket < _buckets.Count - 1;
            if (bit == bucket && !flip) break;

            var set = ((own[bit / 8] & mask) != 0) ^ flip;
            bytes[bit / 8] = (byte)(set ? bytes[bit / 8] | mask : bytes[bit / 8] & ~mask);
        }

        return new Hash160(bytes);
    }

    private static int Gather(Bucket bucket, Hash160 target, Span<Contact> closest, int count, NetworkScope asker)
    {
        foreach (var contact in bucket.Contacts)
        {
            if (contact.Failures >= Contact.BadAfter || !contact.EndPoint.IsUsableFrom(asker)) continue;

            var distance = contact.Id.Value ^ target;
            var at = count;
            while (at > 0 && distance < (closest[at - 1].Id.Value ^ target)) at--;
            if (at >= closest.Length) continue;

            if (count < closest.Length) count++;
            closest[at..(count - 1)].CopyTo(closest[(at + 1)..]);
            closest[at] = contact;
        }

        return count;
    }

    private int IndexOf(Hash160 id) => Math.Min((id ^ self.Value).LeadingZeros, _buckets.Count - 1);

    private void Enter(Bucket bucket, Contact contact, TimeSpan now)
    {
        bucket.Contacts.Add(contact);
        bucket.Replacements.RemoveAll(c => c.EndPoint == contact.EndPoint || c.Id == contact.Id);
        bucket.LastChanged = now;
        _byEndPoint.Add(contact.EndPoint, contact);
        Version++;
    }

    private void Remove(Contact contact)
    {
        _buckets[IndexOf(contact.Id.Value)].Contacts.Remove(contact);
        _byEndPoint.Remove(contact.EndPoint);
        Version++;
    }

    private void Split(TimeSpan now)
    {
        var last = _buckets[^1];
        var next = new Bucket(now);
        _buckets.Add(next);
        Move(last.Contacts, next.Contacts);
        Move(last.Replacements, next.Replacements);
    }

    private void Move(List<Contact> from, List<Contact> to)
    {
        var index = _buckets.Count - 1;
        to.AddRange(from.Where(c => IndexOf(c.Id.Value) == index));
        from.RemoveAll(to.Contains);
    }
}
