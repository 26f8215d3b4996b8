using Shoal.Core;

namespace Shoal.Discovery.Local;

/// <summary>The infohash of no torrent, under which nodes tell their neighbours where their DHT listens (decision 12).</summary>
internal static class Rendezvous
{
    public const string Phrase = "shoal local rendezvous";

    /// <summary>The first 20 bytes of the phrase's SHA-256.</summary>
    public static Hash160 Key { get; } = new(Convert.FromHexString("a1c03e4c857c1b1e60692d765512a9a6c2ec8aec"));
}
