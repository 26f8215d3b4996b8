using System.Text.Json;
using Shoal.Engine;
using Shoal.Node.Events;
using Shoal.Node.Standing;

namespace Shoal.Node.Commands;

/// <summary>How torrents stand, and why one does not go: those that are in hand, and the others that the store holds.</summary>
internal sealed class StandingCommands(NodeServices services, Reporter reporter)
{
    public Task<ExitCode> StatusAsync(StatusRequest request)
    {
        foreach (var torrent in HeldTorrent.Select(services, request.Id)) reporter.Report(Status(torrent));
        return Task.FromResult(ExitCode.Done);
    }

    public Task<ExitCode> WhyAsync(WhyRequest request)
    {
        foreach (var torrent in HeldTorrent.Select(services, request.Id)) reporter.Report(Why(torrent));
        return Task.FromResult(ExitCode.Done);
    }

    private Situation Situation(HeldTorrent torrent) => new(torrent.Swarm?.Snapshot)
    {
        IsStoredWhole = torrent.Stored is { } stored && stored.Have == stored.Length,
        IsPrivate = torrent.Info?.IsPrivate ?? torrent.Stored?.IsPrivate ?? false,
        Trackers = services.Store.Trackers(torrent.Id).Sum(tier => tier.Count),
        Contacts = services.Network?.Dht.Snapshot.Nodes.Sum(n => n.Contacts.Count) ?? 0,
        Listens = services.Network is { Port: > 0 },
        Limits = services.Network?.Engine.Limits.Rates ?? default,
        OwnLimits = services.Network?.Engine.LimitsOf(torrent.Swarm?.InfoHash ?? torrent.Id) ?? default,
        DownloadRate = services.Network?.Engine.Swarms.Sum(s => s.Snapshot.DownloadRate) ?? 0,
    };

    private StatusEvent Status(HeldTorrent torrent)
    {
        var situation = Situation(torrent);
        var (swarm, stored, diagnosis) = (situation.Swarm ?? SwarmSnapshot.Empty, torrent.Stored, Diagnosis.Of(situation));
        var isOpen = swarm.Phase >= SwarmPhase.Downloading;
        var (have, total) = isOpen || stored is null ? (swarm.Have, swarm.Length) : (stored.Have, stored.Length);
        return new StatusEvent(
            torrent.Id.ToString(), torrent.Name, Phase(situation.Swarm), isOpen ? swarm.WantedHave : have, isOpen ? swarm.WantedLength : total, have, total, Math.Round(swarm.DownloadRate), Math.Round(swarm.UploadRate),
            swarm.Downloaded, swarm.Uploaded, swarm.Wasted, Describe(swarm.Pieces), [.. swarm.Peers.OrderByDescending(p => p.DownloadRate + p.UploadRate).Select(Describe)],
            swarm.Known, swarm.Connecting, swarm.Counts.Failed, swarm.Counts.Incoming, swarm.Counts.Corrupt, swarm.Counts.Banned, swarm.UploadSlots, situation.Limits.Download, situation.Limits.Upload,
            Code(diagnosis.Cause), diagnosis.Message)
        {
            Path = stored?.Path,
            OwnDownloadLimit = situation.OwnLimits.Download,
            OwnUploadLimit = situation.OwnLimits.Upload,
        };
    }

    private WhyEvent Why(HeldTorrent torrent)
    {
        var situation = Situation(torrent);
        var (swarm, diagnosis) = (situation.Swarm ?? SwarmSnapshot.Empty, Diagnosis.Of(situation));
        return new WhyEvent(
            torrent.Id.ToString(), torrent.Name, Code(diagnosis.Cause), diagnosis.Message, swarm.Peers.Count, swarm.Peers.Count(p => p.AmInterested), swarm.Peers.Count(p => p is { AmInterested: true, IsChoking: true }),
            swarm.Known, swarm.Connecting, swarm.Counts.Failed, swarm.Counts.Incoming, swarm.Pieces.Missing, swarm.Pieces.WithNobody, swarm.Counts.Corrupt, swarm.Counts.Banned, swarm.Counts.DiskFailures,
            situation.Contacts, Math.Round(swarm.DownloadRate), situation.Limits.Download)
        {
            OwnDownloadLimit = situation.OwnLimits.Download,
        };
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
