using Shoal.Core;

namespace Shoal.Dht.Routing;

/// <summary>
/// The contacts of one range of the key space, and those that would replace them, newest last. The widest ranges hold more than eight, since they are
/// where every lookup begins: 128, 64, 32, 16, and eight from there on. That saves one hop of four or five.
/// </summary>
internal sealed class Bucket(int index, TimeSpan now)
{
    private const int Widest = 128;

    public int Capacity { get; } = Math.Max(RoutingTable.K, index < 8 ? Widest >> index : 0);

    public List<Contact> Contacts { get; } = new(RoutingTable.K);

    public List<Contact> Replacements { get; } = [];

    /// <summary>When a contact was added, replaced or confirmed (BEP 5).</summary>
    public TimeSpan LastChanged { get; set; } = now;

    public bool IsFull => Contacts.Count >= Capacity;

    public void Remember(Contact replacement)
    {
        Replacements.RemoveAll(c => c.EndPoint == replacement.EndPoint || c.Id == replacement.Id);
        if (Replacements.Count >= RoutingTable.K) Replacements.RemoveAt(0);
        Replacements.Add(replacement);
    }
}
