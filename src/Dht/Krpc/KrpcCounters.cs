namespace Shoal.Dht.Krpc;

/// <summary>How many messages of each kind came by, by verb.</summary>
internal static class KrpcCounters
{
    public const int Verbs = (int)KrpcVerb.AnnouncePeers + 1;
}
