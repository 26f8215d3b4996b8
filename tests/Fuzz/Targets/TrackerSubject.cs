using System.Text;
using Shoal.Core;
using Shoal.Discovery.Trackers;
using Shoal.Discovery.Trackers.Http;
using Shoal.Discovery.Trackers.Udp;

namespace Shoal.Fuzz.Targets;

/// <summary>
/// What trackers answer; the first byte says which: the body of an HTTP announce or scrape, a datagram to somebody who waits for it over IPv4 or IPv6 or for a scrape, or the URL of a tracker.
/// A datagram gets the transaction ID that is waited for.
/// </summary>
internal sealed class TrackerSubject : ISubject
{
    private static readonly Hash160 Torrent = new("aaaaaaaaaaaaaaaaaaaa"u8);

    public ulong Run(ReadOnlySpan<byte> input)
    {
        var outcome = new Outcome();
        if (input.IsEmpty) return outcome.Hash;

        var payload = input[1..];
        var kind = input[0] % 8;
        outcome.Add(kind);
        switch (kind)
        {
            case 0:
                RunAnnounce(payload, ref outcome);
                break;
            case 1:
                outcome.Add(HttpReplyReader.TryReadScrape(payload, [Torrent, default], out var counts));
                Violation.Unless(counts.Length == 2, "as many counts as were asked for");
                if (counts[0] is { } count) Check(count);
                break;
            case 2 or 3:
                AnnounceReply? reply = null;
                RunDatagram(payload, kind == 3, new UdpAnnounce(new AnnounceRequest { Torrent = Torrent, PeerId = default }, "/announce", ended => reply = ended), ref outcome);
                Check(reply!, ref outcome);
                break;
            case 4:
                ScrapeCounts[]? scraped = null;
                RunDatagram(payload, false, new UdpScrape([Torrent], ended => scraped = ended), ref outcome);
                outcome.Add(scraped is not null);
                if (scraped is not null) Check(scraped[0]);
                break;
            default:
                RunUrl(Encoding.UTF8.GetString(payload), ref outcome);
                break;
        }

        return outcome.Hash;
    }

    private static void RunAnnounce(ReadOnlySpan<byte> body, ref Outcome outcome)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        var isRead = HttpReplyReader.TryReadAnnounce(body, out var reply);
        Violation.UnlessAllocatedWithin(32 * 1024 + 256L * body.Length, before);
        outcome.Add(isRead);
        if (isRead) Check(reply, ref outcome);
    }

    /// <summary>The datagram answers the announce, after a connection ID was given; it ends in any case.</summary>
    private static void RunDatagram(ReadOnlySpan<byte> payload, bool isV6, UdpQuestion question, ref Outcome outcome)
    {
        var sent = new List<byte[]>();
        var session = new UdpTrackerSession(isV6, UdpTrackerSession.DefaultPatience, new Random(1), datagram => sent.Add(datagram.ToArray()));
        session.Ask(question, TimeSpan.Zero);
        session.Handle(Answering(sent[0], new byte[16]), TimeSpan.Zero);
        Violation.Unless(sent.Count == 2, "a question is sent once there is a connection ID");
        session.Handle(Answering(sent[1], payload.ToArray()), TimeSpan.Zero);
        outcome.Add(session.IsIdle);
        session.Tick(UdpTrackerSession.DefaultPatience);
        Violation.Unless(session.IsIdle, "every question ends");
    }

    private static byte[] Answering(byte[] request, byte[] datagram)
    {
        if (datagram.Length >= 8) request.AsSpan(12, 4).CopyTo(datagram.AsSpan(4));
        return datagram;
    }

    private static void RunUrl(string text, ref Outcome outcome)
    {
        var isRead = TrackerUrl.TryParse(text, out var url);
        outcome.Add(isRead);
        if (!isRead) return;

        Violation.Unless(url!.Port is > 0 and <= ushort.MaxValue && url.Host.Length > 0, "a host or port that is none", $"{text}");
        Violation.Unless(!url.PathAndQuery.Any(c => c is <= ' ' or > '~'), "a path that ends its line", $"{url.PathAndQuery}");
        Violation.Unless(TrackerUrl.TryParse(url.Text, out var again) && again == url, "read again it differs", $"{text}");
        var query = HttpQuery.Announce(url, new AnnounceRequest { Torrent = Torrent, PeerId = default });
        Violation.Unless(url.With(query).IdnHost == url.Host, "the query goes to another host", $"{text}");
        outcome.Add(url.IsUdp);
        outcome.Add(HttpQuery.TryScrape(url, [Torrent], out _));
        outcome.AddSize(url.PathAndQuery.Length);
    }

    private static void Check(AnnounceReply reply, ref Outcome outcome)
    {
        Violation.Unless(reply.Peers.Count <= 2 * HttpReplyReader.MaxPeers, "more peers than are taken");
        Violation.Unless(reply.Interval is not { Ticks: < 0 } && reply.MinInterval is not { Ticks: < 0 } && reply.Seeds is not < 0 && reply.Downloaders is not < 0, "numbers out of range", $"{reply}");
        foreach (var text in new[] { reply.Failure, reply.Warning })
            Violation.Unless(text is null || (text.Length is > 0 and <= TrackerText.MaxLength && !text.Any(char.IsControl)), "words that drive a terminal");
        foreach (var peer in reply.From(NetworkScope.Global).Peers) Violation.Unless(peer.Scope == NetworkScope.Global && peer.Port != 0, "a peer of our own network", $"{peer}");
        outcome.Add(reply.Failure is not null);
        outcome.Add(reply.Warning is not null);
        outcome.Add(reply.RetryIn is not null);
        outcome.Add(reply.ExternalAddress is not null);
        outcome.AddSize(reply.TrackerId.Length);
        outcome.AddSize(reply.Peers.Count);
        outcome.AddSize(reply.Seeds ?? -1);

        var schedule = new TrackerSchedule([Torrent], [[TrackerUrl.TryParse("http://a", out var url) ? url : null!]], new Random(1));
        Violation.Unless(schedule.TryTake(TimeSpan.Zero, out var turn), "an announce is due");
        schedule.Ended(turn, [reply], lacksPeers: true, TimeSpan.Zero);
        Violation.Unless(schedule.DueAt >= TrackerSchedule.FirstRetry * 0.75, "asked again too soon", $"{schedule.DueAt}");
    }

    private static void Check(ScrapeCounts counts) => Violation.Unless(counts is { Seeds: >= 0, Downloaders: >= 0, Completed: >= 0 }, "numbers out of range", $"{counts}");
}
