using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Shoal.Core;
using Shoal.Discovery.Trackers.Http;
using Shoal.Discovery.Trackers.Udp;

namespace Shoal.Discovery.Trackers;

/// <summary>
/// Speaks with trackers on real sockets, HTTP(S) or UDP as their URL says. A tracker that has IPv4 and IPv6 addresses is announced to over both where we have both, since each shows it
/// another address of ours (BEP 7); what worked counts, and the slower one is not waited for long. Any thread may call.
/// </summary>
public sealed class TrackerClient : ITrackerClient
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    private readonly LocalRoutes _routes;
    private readonly TimeProvider _clock;
    private readonly HttpFetcher _http;
    private readonly UdpTrackerService _udp;

    /// <param name="listen">Addresses to go out from; empty for any.</param>
    /// <param name="client">What we call ourselves to HTTP servers.</param>
    /// <param name="clock">Its time.</param>
    /// <param name="random">For this client alone; not to be foretold.</param>
    /// <param name="logger">Its log.</param>
    public TrackerClient(IReadOnlyList<IPAddress> listen, string client, TimeProvider clock, Random random, ILogger logger)
    {
        _routes = new LocalRoutes(listen, static (host, ct) => Dns.GetHostAddressesAsync(host, ct));
        _clock = clock;
        _http = new HttpFetcher(_routes, client, clock);
        _udp = UdpTrackerService.Start(_routes, clock, random, logger);
    }

    public async Task<AnnounceReply> AnnounceAsync(TrackerUrl tracker, AnnounceRequest request, CancellationToken ct)
    {
        var families = (await _routes.ResolveAsync(tracker.Host, ct)).GroupBy(a => a.AddressFamily).Select(g => g.ToList()).ToList();
        if (families.Count == 0) return AnnounceReply.Failed("its name is not known, or there is no way to it from here");
        if (families.Count == 1) return await AnnounceAsync(tracker, request, families[0], ct);

        using var enough = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var asked = families.ConvertAll(addresses => AnnounceAsync(tracker, request, addresses, enough.Token));
        await Task.WhenAny(Task.WhenAll(asked), FirstSuccessAsync(asked, ct));
        await enough.CancelAsync();
        await Task.WhenAll(asked).ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        ct.ThrowIfCancellationRequested();
        return AnnounceReply.Merge([.. asked.Where(a => a.IsCompletedSuccessfully).Select(a => a.Result)]);
    }

    public async Task<IReadOnlyList<ScrapeCounts?>?> ScrapeAsync(TrackerUrl tracker, IReadOnlyList<Hash160> torrents, CancellationToken ct)
    {
        if (torrents.Count is 0 or > HttpQuery.MaxScraped) throw new ArgumentOutOfRangeException(nameof(torrents));

        var addresses = await _routes.ResolveAsync(tracker.Host, ct);
        if (addresses.Count == 0) return null;

        if (tracker.IsUdp) return (await _udp.ScrapeAsync(new NetEndPoint(addresses[0], tracker.Port), torrents, ct))?.Select(c => (ScrapeCounts?)c).ToList();
        if (!HttpQuery.TryScrape(tracker, torrents, out var query)) return null;

        var answer = await _http.GetAsync(tracker, query, [.. addresses.Where(a => a.AddressFamily == addresses[0].AddressFamily)], ct);
        return answer.IsOk && HttpReplyReader.TryReadScrape(answer.Body, torrents, out var counts) ? counts : null;
    }

    public async ValueTask DisposeAsync()
    {
        await _udp.DisposeAsync();
        _http.Dispose();
    }

    /// <summary>Ends a while after one of them worked.</summary>
    private async Task FirstSuccessAsync(List<Task<AnnounceReply>> asked, CancellationToken ct)
    {
        var waiting = new List<Task<AnnounceReply>>(asked);
        while (waiting.Count > 0)
        {
            var next = await Task.WhenAny(waiting);
            waiting.Remove(next);
            if (!next.IsCompletedSuccessfully || next.Result.Failure is not null) continue;

            await Task.Delay(Grace, _clock, ct).ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            return;
        }
    }

    /// <param name="tracker">Who.</param>
    /// <param name="request">What is said.</param>
    /// <param name="addresses">Of its host, of one family.</param>
    /// <param name="ct">Ends it early.</param>
    private async Task<AnnounceReply> AnnounceAsync(TrackerUrl tracker, AnnounceRequest request, List<IPAddress> addresses, CancellationToken ct)
    {
        if (tracker.IsUdp)
        {
            var endPoint = new NetEndPoint(addresses[0], tracker.Port);
            return (await _udp.AnnounceAsync(endPoint, request, tracker.PathAndQuery, ct)).From(endPoint.Scope);
        }

        var answer = await _http.GetAsync(tracker, HttpQuery.Announce(tracker, request), addresses, ct);
        if (answer.Trouble is { } trouble) return AnnounceReply.Failed(trouble);

        var isRead = HttpReplyReader.TryReadAnnounce(answer.Body, out var reply);
        if (isRead && (answer.IsOk || reply.Failure is not null)) return reply.From(answer.From);

        return AnnounceReply.Failed(answer.IsOk ? "its answer is not that of a tracker" : $"it answered with HTTP status {answer.Status}");
    }
}
