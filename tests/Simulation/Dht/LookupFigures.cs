using System.Globalization;
using Shoal.Core;

namespace Shoal.Simulation.Dht;

/// <summary>What many lookups came to: how many found the announcer, and what that took.</summary>
internal sealed class LookupFigures
{
    private readonly List<(Finding Finding, NetEndPoint Announcer)> _findings = [];

    public int Count => _findings.Count;

    public int Found => _findings.Count(f => f.Finding.Peers.Exists(p => p.EndPoint == f.Announcer));

    public double Share => (double)Found / Count;

    public bool AllEnded => _findings.TrueForAll(f => f.Finding.Ended);

    public double MedianHops => Sorted(f => First(f).Hops)[Found / 2];

    public double MeanHops => _findings.Where(IsFound).Average(f => First(f).Hops);

    public double MedianMilliseconds => Sorted(f => First(f).Elapsed.TotalMilliseconds)[Found / 2];

    public void Add(Finding finding, NetEndPoint announcer) => _findings.Add((finding, announcer));

    public void Add(LookupFigures other) => _findings.AddRange(other._findings);

    public string Table(string title) => string.Create(
        CultureInfo.InvariantCulture,
        $"""
        {title}: {Found} of {Count} found ({Share:P2}); {_findings.Count(f => f.Finding.Result?.IsCrowded == true)} looked around a crowded key
                                median      p95      p99
          ms to the peer      {Row(Sorted(f => First(f).Elapsed.TotalMilliseconds))}
          hops to the peer    {Row(Sorted(f => First(f).Hops))}   (mean {MeanHops:0.00})
          ms to the end       {Row(Sorted(f => f.Finding.Result!.Elapsed.TotalMilliseconds, ended: true))}
          messages in all     {Row(Sorted(f => 2 * f.Finding.Result!.Queries, ended: true))}
        """);

    private static string Row(List<double> sorted) => sorted.Count == 0
        ? "-"
        : string.Create(CultureInfo.InvariantCulture, $"{sorted[sorted.Count / 2],8:0} {sorted[sorted.Count * 95 / 100],8:0} {sorted[sorted.Count * 99 / 100],8:0}");

    private static bool IsFound((Finding Finding, NetEndPoint Announcer) f) => f.Finding.Peers.Exists(p => p.EndPoint == f.Announcer);

    private static Shoal.Dht.FoundPeer First((Finding Finding, NetEndPoint Announcer) f) => f.Finding.Peers.Find(p => p.EndPoint == f.Announcer);

    private List<double> Sorted(Func<(Finding Finding, NetEndPoint Announcer), double> of, bool ended = false) =>
        [.. _findings.Where(f => ended ? f.Finding.Ended : IsFound(f)).Select(of).Order()];
}
