namespace Shoal.Dht.Routing;

/// <summary>Contacts at one range of distances, at most <see cref="RoutingTable.K"/>, and those that would replace them, newest last.</summary>
internal sealed class Bucket(TimeSpan now)
{
    public List<Contact> Contacts { get; } = new(RoutingTable.K);

    public List<Contact> Replacements { get; } = [];

    /// <summary>When a contact was added, replaced or confirmed (BEP 5).</summary>
    public TimeSpan LastChanged { get; set; } = now;

    public bool IsFull => Contacts.Count >= RoutingTable.K;

    public void Remember(Contact replacement)
    {
        Replacements.RemoveAll(c => c.EndPoint == replacement.EndPoint || c.Id == replacement.Id);
        if (Replacements.Count >= RoutingTable.K) Replacements.RemoveAt(0);
        Replacements.Add(replacement);
    }

    /// <summary>Puts the newest replacement where a bad contact stands.</summary>
    public bool TryReplace(Contact bad, TimeSpan now)
    {
        if (Replacements.Count == 0) return false;

        Contacts.Remove(bad);
        Contacts.Add(Replacements[^1]);
        Replacements.RemoveAt(Replacements.Count - 1);
        LastChanged = now;
        return true;
    }
}
