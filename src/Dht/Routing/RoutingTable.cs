using Shoal.Core;

namespace Shoal.Dht.Routing;

/// <summary>
/// The contacts of one address by distance from our own ID (BEP 5). Bucket i holds those that share exactly i leading bits with us, the last
/// one all that share more; only the last is ever split. Invariants: no bucket above its capacity, never our own ID, no endpoint twice, one contact for a
/// range of global addresses, and nobody who has not answered us. Owned by <see cref="DhtNode"/>.
/// </summary>
internal sealed class RoutingTable(NodeId self)
{
    public const int K = 8; // BEP 5

    private readonly List<Bucket> _buckets = [new Bucket(0, TimeSpan.Zero)];
    private readonly Dictionary<NetEndPoint, Contact> _byEndPoint = [];
    private readonly HashSet<NetEndPoint> _ranges = [];

    public NodeId Self { get; private set; } = self;

    public IReadOnlyList<Bucket> Buckets => _buckets;

    public IReadOnlyCollection<Contact> Contacts => _byEndPoint.Values;

    public int Count => _byEndPoint.Count;

    /// <summary>Changes whenever a contact comes or goes.</summary>
    public int Version { get; private set; }

    /// <summary>Contacts worth asking: good and questionable.</summary>
    public int Usable { get; private set; }

    public Contact? Find(NetEndPoint endPoint) => _byEndPoint.GetValueOrDefault(endPoint);

    /// <summary>Takes another ID of our own, and sorts all contacts anew by their distance from it.</summary>
    public void Move(NodeId self, TimeSpan now)
    {
        var contacts = _byEndPoint.Values.ToList();
        foreach (var contact in contacts) Remove(contact);
        _buckets.Clear();
        _buckets.Add(new Bucket(0, now));
        Self = self;
        foreach (var contact in contacts)
            if (contact.Id != self) TryEnter(contact, now);
    }

    /// <summary>Whether a contact, if it answered, would be entered or kept in reserve.</summary>
    public bool WouldTake(NodeId id, NetEndPoint endPoint, TimeSpan now)
    {
        if (id == Self || IsRangeTaken(endPoint)) return false;

        var bucket = _buckets[IndexOf(id.Value)];
        if (!bucket.IsFull || bucket == _buckets[^1] || bucket.Replacements.Count < K) return true;

        foreach (var contact in bucket.Contacts)
            if (contact.State(now) != ContactState.Good) return true;
        return false;
    }

    /// <summary>A contact has answered a query of ours. True if it is new in the table.</summary>
    public bool Answered(NodeId id, NetEndPoint endPoint, TimeSpan now)
    {
        if (id == Self) return false;

        if (_byEndPoint.TryGetValue(endPoint, out var known))
        {
            if (known.Id == id)
            {
                if (!known.IsUsable) Usable++;
                known.Answered(now);
                _buckets[IndexOf(id.Value)].LastChanged = now;
                return false;
            }

            Remove(known);
        }

        if (IsRangeTaken(endPoint) && !TryFreeRange(endPoint)) return false;

        return TryEnter(new Contact(id, endPoint, now), now);
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

        var wasUsable = contact.IsUsable;
        contact.Failed();
        if (contact.IsUsable) return;

        if (wasUsable) Usable--;
        var bucket = _buckets[IndexOf(contact.Id.Value)];
        if (bucket.Replacements.Count > 0)
        {
            var replacement = bucket.Replacements[^1];
            bucket.Replacements.RemoveAt(bucket.Replacements.Count - 1);
            if (_byEndPoint.ContainsKey(replacement.EndPoint) || (IsRangeTaken(replacement.EndPoint) && replacement.EndPoint.Range != contact.EndPoint.Range)) return;

            Remove(contact);
            Enter(bucket, replacement, now);
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
    public Hash160 RandomIn(int bucket, Random random) =>
        bucket < _buckets.Count - 1 ? RandomSharing(bucket, random) : RandomSharing(bucket, random, exactly: false);

    /// <summary>An ID that shares so many leading bits with ours, and no more unless it may.</summary>
    public Hash160 RandomSharing(int bits, Random random, bool exactly = true)
    {
        var drawn = Hash160.Random(random);
        var shared = (drawn ^ Self.Value).LeadingZeros;
        for (var bit = shared; bit < bits; bit = (drawn ^ Self.Value).LeadingZeros) drawn = drawn.Flip(bit);
        return exactly && (drawn ^ Self.Value).LeadingZeros > bits ? drawn.Flip(bits) : drawn;
    }

    /// <summary>How many leading bits the eighth closest contact shares with us: so deep is the part of the key space that we know as a neighbour.</summary>
    public int Depth
    {
        get
        {
            var closest = new Contact[K];
            var count = Closest(Self.Value, closest);
            return count == 0 ? 0 : (closest[count - 1].Id.Value ^ Self.Value).LeadingZeros;
        }
    }

    private static int Gather(Bucket bucket, Hash160 target, Span<Contact> closest, int count, NetworkScope asker)
    {
        foreach (var contact in bucket.Contacts)
        {
            if (!contact.IsUsable || !contact.EndPoint.IsUsableFrom(asker)) continue;

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

    private int IndexOf(Hash160 id) => Math.Min((id ^ Self.Value).LeadingZeros, _buckets.Count - 1);

    private static bool IsShared(NetEndPoint endPoint) => endPoint.Scope == NetworkScope.Global;

    private bool IsRangeTaken(NetEndPoint endPoint) => IsShared(endPoint) && _ranges.Contains(endPoint.Range);

    /// <summary>Lets go of the contact of a range if it no longer answers.</summary>
    private bool TryFreeRange(NetEndPoint endPoint)
    {
        var range = endPoint.Range;
        foreach (var contact in _byEndPoint.Values)
        {
            if (contact.IsUsable || contact.EndPoint.Range != range) continue;

            Remove(contact);
            return true;
        }

        return false;
    }

    private bool TryEnter(Contact contact, TimeSpan now)
    {
        while (true)
        {
            var bucket = _buckets[IndexOf(contact.Id.Value)];
            var sameId = bucket.Contacts.Find(c => c.Id == contact.Id);
            if (sameId is not null)
            {
                if (sameId.State(now) == ContactState.Good) return false;
                Remove(sameId);
            }

            if (bucket.IsFull && bucket == _buckets[^1] && _buckets.Count < Hash160.Bits)
            {
                Split(now);
                continue;
            }

            if (bucket.IsFull)
            {
                var worse = bucket.Contacts.Find(c => !c.IsUsable) ?? (contact.HasValidId ? bucket.Contacts.Find(c => !c.HasValidId) : null);
                if (worse is null)
                {
                    bucket.Remember(contact);
                    return false;
                }

                Remove(worse);
            }

            Enter(bucket, contact, now);
            return true;
        }
    }

    private void Enter(Bucket bucket, Contact contact, TimeSpan now)
    {
        bucket.Contacts.Add(contact);
        bucket.Replacements.RemoveAll(c => c.EndPoint == contact.EndPoint || c.Id == contact.Id);
        bucket.LastChanged = now;
        _byEndPoint.Add(contact.EndPoint, contact);
        if (IsShared(contact.EndPoint)) _ranges.Add(contact.EndPoint.Range);
        if (contact.IsUsable) Usable++;
        Version++;
    }

    private void Remove(Contact contact)
    {
        _buckets[IndexOf(contact.Id.Value)].Contacts.Remove(contact);
        _byEndPoint.Remove(contact.EndPoint);
        if (IsShared(contact.EndPoint)) _ranges.Remove(contact.EndPoint.Range);
        if (contact.IsUsable) Usable--;
        Version++;
    }

    /// <summary>The last bucket's own range becomes a bucket of its own; what is above a capacity then, oldest contacts first kept, waits in reserve.</summary>
    private void Split(TimeSpan now)
    {
        var last = _buckets[^1];
        var next = new Bucket(_buckets.Count, now);
        _buckets.Add(next);
        Move(last.Contacts, next.Contacts);
        Move(last.Replacements, next.Replacements);
        if (next.Contacts.Count > next.Capacity && _buckets.Count < Hash160.Bits) Split(now);
        while (last.Contacts.Count > last.Capacity)
        {
            var surplus = last.Contacts[^1];
            Remove(surplus);
            last.Remember(surplus);
        }
    }

    private void Move(List<Contact> from, List<Contact> to)
    {
        var index = _buckets.Count - 1;
        to.AddRange(from.Where(c => IndexOf(c.Id.Value) == index));
        from.RemoveAll(to.Contains);
    }
}
