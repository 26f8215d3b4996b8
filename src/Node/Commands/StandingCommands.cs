using System.Text.Json;
using Shoal.Core;
using Shoal.Core.Metainfo;
using Shoal.Engine;
using Shoal.Node.Events;
using Shoal.Node.Standing;
using Shoal.Storage;

namespace Shoal.Node.Commands;

/// <summary>How torrents stand, and why one does not go: those that are in hand, and the others that the store holds.</summary>
internal sealed class StandingCommands(NodeServices services, Reporter reporter)
{
    public Task<ExitCode> StatusAsync(StatusRequest request)
    {
        foreach (var torrent in Select(request.Id)) reporter.Report(Status(torrent));
        return Task.FromResult(ExitCode.Done);
    }

    public Task<ExitCode> WhyAsync(WhyRequest request)
    {
        foreach (var torrent in Select(request.Id)) reporter.Report(Why(torrent));
        return Task.FromResult(ExitCode.Done);
    }

    /// <summary>A torrent in hand, in the store, or both.</summary>
    private sealed record Known(InfoHash Id, SwarmLoop? Swarm, StoredTorrent? Stored)
    {
        public TorrentInfo? Info => Swarm is { Metadata: { IsCompletedSuccessfully: true } known } ? known.Result : null;

        public string? Name => Info?.Name ?? Stored?.Name;
    }

    private List<Known> Select(string? text)
    {
        var swarms = services.Network?.Engine.Swarms.ToList() ?? [];
        var stored = services.Store.List().GroupBy(t => t.Id).Select(copies => copies.OrderByDescending(t => t.Have).First()).ToList();
        List<Known> all =
        [
            .. stored.Select(t => new Known(t.Id, swarms.Find(s => s.Keys.Contains(t.Id.Truncated)), t)),
            .. swarms.Where(s => stored.TrueForAll(t => !s.Keys.Contains(t.Id.Truncated))).Select(s => new Known(s.InfoHash, s, null)),
        ];
        if (text is null) return all;
        if (!InfoHash.TryParse(text, out var id)) throw new ShoalException("bad-link", $"{text} is no ID. One is 64 hexadecimal digits, or 40 in v1, or a link.");

        var named = all.FindAll(k => k.Id == id || k.Stored?.IdV1 == id.Truncated || k.Swarm?.Keys.Contains(id.Truncated) == true);
        return named.Count > 0 ? named : throw new ShoalException("not-held", $"Nothing here is called {id}: no command has it in hand, and the store does not hold it. 'shoal status' shows what there is.");
    }

    private Situation Situation(Known torrent) => new(torrent.Swarm?.Snapshot)
    {
        IsStoredWhole = torrent.Stored is { } stored && stored.Have == stored.Length,
        IsPrivate = torrent.Info?.IsPrivate ?? torrent.Stored?.IsPrivate ?? false,
        Trackers = services.Store.Trackers(torrent.Id).Sum(tier => tier.Count),
        Contacts = services.Network?.Dht.Snapshot.Nodes.Sum(n => n.Contacts.Count) ?? 0,
        Listens = services.Network is { Port: > 0 },
        DownloadLimit = services.Options.DownloadLimit,
        UploadLimit = services.Options.UploadLimit,
    };

    private StatusEvent Status(Known torrent)
    {
        var situation = Situation(torrent);
        var (swarm, stored, diagnosis) = (situation.Swarm ?? SwarmSnapshot.Empty, torrent.Stored, Diagnosis.Of(situation));
        var isOpen = swarm.Phase >= SwarmPhase.Downloading;
        var (have, total) = isOpen || stored is null ? (swarm.Have, swarm.Length) : (stored.Have, stored.Length);
        return new StatusEvent(
            torrent.Id.ToString(), torrent.Name, Phase(situation.Swarm), isOpen ? swarm.WantedHave : have, isOpen ? swarm.WantedLength : total, have, total, Math.Round(swarm.DownloadRate), Math.Round(swarm.UploadRate),
            swarm.Downloaded, swarm.Uploaded, swarm.Wasted, Describe(swarm.Pieces), [.. swarm.Peers.OrderByDescending(p => p.DownloadRate + p.UploadRate).Select(Describe)],
            swarm.Known, swarm.Connecting, swarm.Counts.Failed, swarm.Counts.Incoming, swarm.Counts.Corrupt, swarm.Counts.Banned, swarm.UploadSlots, situation.DownloadLimit, situation.UploadLimit,
            Code(diagnosis.Cause), diagnosis.Message)
        {
            Path = stored?.Path,
        };
    }

    private WhyEvent Why(Known torrent)
    {
        var situation = Situation(torrent);
        var (swarm, diagnosis) = (situation.Swarm ?? SwarmSnapshot.Empty, Diagnosis.Of(situation));
        return new WhyEvent(
            torrent.Id.ToString(), torrent.Name, Code(diagnosis.Cause), diagnosis.Message, swarm.Peers.Count, swarm.Peers.Count(p => p.AmInterested), swarm.Peers.Count(p => p is { AmInterested: true, IsChoking: true }),
            swarm.Known, swarm.Connecting, swarm.Counts.Failed, swarm.Counts.Incoming, swarm.Pieces.Missing, swarm.Pieces.WithNobody, swarm.Counts.Corrupt, swarm.Counts.Banned, swarm.Counts.DiskFailures,
            situation.Contacts, Math.Round(swarm.DownloadRate), situation.DownloadLimit);
    }

    private static string Phase(SwarmSnapshot? swarm) => swarm switch
    {
        null => "idle",
        { Phase: SwarmPhase.Downloading, Fetches: false } => "serving",
        _ => swarm.Phase.ToString().ToLowerInvariant(),
    };

    private static PiecesItem Describe(SwarmPieces pieces) =>
        new(pieces.Count, pieces.Have, pieces.Missing, pieces.Copies, [.. pieces.Strip.Select(s => new StretchItem(Math.Round(s.Have, 3), s.Copies))]);

    private static PeerStatusItem Describe(PeerSnapshot peer) => new(
        peer.Address, peer.Client, peer.IsSeed, peer.IsIncoming, peer.Pieces, peer.Received, peer.Sent, Math.Round(peer.DownloadRate), Math.Round(peer.UploadRate), peer.Owed, peer.Window,
        peer.RoundTrip is { } time ? Math.Round(time.TotalMilliseconds, 1) : null, peer.IsChoking, peer.IsInterested, peer.AmChoking, peer.AmInterested, peer.IsSnubbed);

    private static string Code(Cause cause) => JsonNamingPolicy.KebabCaseLower.ConvertName(cause.ToString());
}
