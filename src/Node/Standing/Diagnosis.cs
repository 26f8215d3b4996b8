using System.Globalization;
using Shoal.Engine;

namespace Shoal.Node.Standing;

/// <summary>
/// The one cause why a torrent does not go, and a sentence with the numbers behind it. A ranked list: what is on our side first, then who can be found, then who
/// can be reached, then what those who were reached have and give.
/// </summary>
internal sealed record Diagnosis(Cause Cause, string Message)
{
    private const double NearTheLimit = 0.85;
    private const int ManyCorrupt = 3;

    public static Diagnosis Of(Situation situation)
    {
        if (situation.Swarm is not { } swarm)
        {
            return situation.IsStoredWhole
                ? new(Cause.Done, "Nothing is missing. Nobody serves it just now: 'shoal node' does.")
                : new(Cause.NotFetching, "A part of it is here, and no command fetches the rest: 'shoal get' with its link goes on from there.");
        }

        if (swarm.Phase == SwarmPhase.Complete) return Complete(situation, swarm);
        if (swarm.Phase == SwarmPhase.Downloading && !swarm.Fetches) return new(Cause.NotFetching, "What is here of it is served, and no command fetches the rest: 'shoal get' with its link does.");
        if (swarm.Phase == SwarmPhase.Opening) return new(Cause.Preparing, "What lies on the disk already is being looked at; nothing is asked for before that is done.");
        if (swarm.Counts.DiskFailures > 0 && swarm.DownloadRate <= 0) return new(Cause.OurDisk, $"Our disk did not take {Count(swarm.Counts.DiskFailures, "piece", "pieces")}: make room, or look at what it says.");
        if (AtTheLimit(situation, swarm.DownloadRate) is { } limited) return limited;
        if (swarm.Peers.Count == 0) return Alone(situation, swarm);
        if (swarm.Phase == SwarmPhase.Metadata) return new(Cause.WaitingForMetadata, $"{Count(swarm.Peers.Count, "peer is", "peers are")} connected, and none has said yet what the link names.");

        return Stuck(swarm) ?? (swarm.DownloadRate > 0
            ? new(Cause.Goes, $"It goes, at {Bytes(swarm.DownloadRate)}/s from {Count(swarm.Peers.Count(p => p.DownloadRate > 0), "peer", "peers")}." + Beyond(swarm))
            : new(Cause.Goes, $"It is about to go: {Count(swarm.Peers.Count(p => p.AmInterested && !p.IsChoking), "peer lets", "peers let")} us ask." + Beyond(swarm)));
    }

    private static Diagnosis? AtTheLimit(Situation situation, double rate)
    {
        if (rate > 0 && situation.OwnLimits.Download is > 0 and var own && rate >= own * NearTheLimit)
        {
            return new(Cause.OurLimit, $"It goes as fast as its own limit allows: {Bytes(rate)}/s of {Bytes(own)}/s. 'shoal limit ID --download-limit RATE' changes that.");
        }

        var together = Math.Max(rate, situation.DownloadRate);
        if (rate > 0 && situation.Limits.Download is > 0 and var whole && together >= whole * NearTheLimit)
        {
            var others = together > rate ? $", with {Bytes(together - rate)}/s of other torrents," : "";
            return new(Cause.OurLimit, $"It goes as fast as --download-limit allows: {Bytes(rate)}/s{others} of {Bytes(whole)}/s. 'shoal limit --download-limit RATE' changes that.");
        }

        return null;
    }

    private static Diagnosis Complete(Situation situation, SwarmSnapshot swarm) => swarm.Peers.Count == 0 && swarm.Counts.Incoming == 0 && situation.Listens
        ? new(Cause.NoIncoming, "Nothing is missing, and nobody has connected to us for it so far. If somebody should have: is the port open from outside, and is it announced?")
        : new(Cause.Done, "Nothing that is wanted is missing.");

    private static Diagnosis Alone(Situation situation, SwarmSnapshot swarm)
    {
        if (swarm.Connecting > 0 && swarm.Counts is { Failed: 0, Incoming: 0, Outgoing: 0 }) return new(Cause.Connecting, $"{Count(swarm.Connecting, "connection is", "connections are")} being made.");
        if (swarm.Known > 0)
        {
            return new(Cause.CannotConnect, $"{Count(swarm.Known, "address is", "addresses are")} known, and none can be reached now: {Count(swarm.Counts.Failed, "attempt", "attempts")} failed"
                + (swarm.Connecting > 0 ? $", {swarm.Connecting} under way" : "") + (situation.Listens && swarm.Counts.Incoming == 0 ? ", and nobody has connected to us" : "") + ". Do they still run, and does a firewall stand between?");
        }

        if (situation.IsPrivate && situation.Trackers == 0) return new(Cause.PrivateWithoutTracker, "It is private, so peers come from its trackers alone, and none is asked. Name a peer: --peer HOST:PORT.");
        if (situation.Contacts == 0) return new(Cause.NoContacts, "This machine knows no node of the DHT, so nobody can be found. Name one: --bootstrap HOST:PORT, or a peer: --peer HOST:PORT.");

        return new(Cause.NobodyHasIt, $"Nobody is known who has it. {Count(situation.Contacts, "node", "nodes")} of the DHT can be asked; does anybody share it just now?");
    }

    /// <returns>Null if nothing stands in the way.</returns>
    private static Diagnosis? Stuck(SwarmSnapshot swarm)
    {
        var (counts, pieces) = (swarm.Counts, swarm.Pieces);
        if (counts.Corrupt >= ManyCorrupt && swarm.WantedHave == 0)
        {
            return new(Cause.HashFailures, $"{Count(counts.Corrupt, "piece", "pieces")} did not verify and none did; {Count(counts.Banned, "peer was", "peers were")} turned away for it. Those who are left may have something else under that name.");
        }

        if (swarm.DownloadRate > 0) return null;

        if (pieces.Missing > 0 && pieces.WithNobody == pieces.Missing)
        {
            return new(Cause.NobodyHasThesePieces, $"{Count(swarm.Peers.Count, "peer is", "peers are")} connected, without any of the {Count(pieces.Missing, "piece that is", "pieces that are")} missing. Somebody who has them must come.");
        }

        var useful = swarm.Peers.Where(p => p.AmInterested).ToList();
        if (useful.Count > 0 && useful.TrueForAll(p => p.IsChoking))
        {
            return new(Cause.AllChokeUs, $"{Count(useful.Count, "peer has", "peers have")} what is missing, and none lets us ask now: they give to others. That changes every few seconds.");
        }

        var open = useful.Where(p => !p.IsChoking).ToList();
        if (open.Count > 0 && open.TrueForAll(p => p.IsSnubbed)) return new(Cause.PeersAreSilent, $"{Count(open.Count, "peer owes", "peers owe")} us blocks and {(open.Count == 1 ? "sends" : "send")} none.");
        if (counts.Corrupt >= ManyCorrupt) return new(Cause.HashFailures, $"{Count(counts.Corrupt, "piece", "pieces")} did not verify; {Count(counts.Banned, "peer was", "peers were")} turned away for it.");

        return null;
    }

    private static string Beyond(SwarmSnapshot swarm) =>
        swarm.Pieces.WithNobody > 0 ? $" But nobody who is connected has {Count(swarm.Pieces.WithNobody, "piece", "pieces")} of it." : "";

    private static string Count(int count, string one, string many) => count.ToString("#,0", CultureInfo.InvariantCulture) + " " + (count == 1 ? one : many);

    private static string Bytes(double bytes)
    {
        var unit = 0;
        for (; bytes >= 999.5 && unit < 3; unit++) bytes /= 1000;
        return bytes.ToString(unit == 0 || bytes >= 99.95 ? "0" : "0.0", CultureInfo.InvariantCulture) + " " + new[] { "B", "kB", "MB", "GB" }[unit];
    }
}
