using System.Globalization;
using Shoal.Node.Events;
using Spectre.Console;

namespace Shoal.Cli.Output;

/// <summary>How torrents stand, and why one does not go.</summary>
internal sealed class StandingPages(IAnsiConsole console)
{
    private const int MostPeers = 12;
    private const int BarCells = 60;
    private const int Few = 3;
    private const int WideEnoughForClients = 100;

    private readonly Pages _pages = new(console);
    private bool _isNotFirst;

    public void Status(StatusEvent e, bool verbose)
    {
        if (_isNotFirst) _pages.Raw("");
        _isNotFirst = true;
        console.Write(new Line().Add(Name(e.Name, e.Id), Look.Strong).Add("  " + Phase(e), e.Phase is "complete" ? Look.Good : Look.Accent));
        if (verbose || e.Name is null) _pages.Field("ID", e.Id);
        if (e.Phase is "metadata")
        {
            Why(e.Cause, e.Message);
            Connections(e);
            return;
        }

        var cells = Math.Clamp(console.Profile.Width - 22, 10, BarCells);
        console.Write(new Line().Add("progress".PadRight(13), Look.Dim).Add(Bar(e, cells), e.Bytes >= e.Length ? Look.Good : Look.Accent).Add($"  {Words.Percent(e.Bytes, e.Length)}", Look.Strong));
        _pages.Field("", $"{Words.Size(e.Bytes)} of {Words.Size(e.Length)}" + (e.Length < e.Total ? $" selected, {Words.Size(e.Have)} of {Words.Size(e.Total)} in all" : ""));
        if (e.Phase is "idle")
        {
            if (e.Path is not null) _pages.Field("at", Safe.Text(e.Path));
            return;
        }

        Pieces(e.Pieces, cells);
        if (e.Downloaded > 0 || e.Uploaded > 0 || e.DownloadRate > 0)
        {
            _pages.Field("traffic", $"{Words.Rate(e.DownloadRate)} down, {Words.Rate(e.UploadRate)} up; in all {Words.Size(e.Downloaded)} down, {Words.Size(e.Uploaded)} up"
                + (e.Wasted > 0 ? $", {Words.Size(e.Wasted)} of no use" : ""));
        }

        if (e.DownloadLimit > 0 || e.UploadLimit > 0) _pages.Field("limits", $"{Limit(e.DownloadLimit)} down, {Limit(e.UploadLimit)} up");
        if (e.OwnDownloadLimit > 0 || e.OwnUploadLimit > 0) _pages.Field("its own", $"{Limit(e.OwnDownloadLimit)} down, {Limit(e.OwnUploadLimit)} up");
        Connections(e);
        if (e.Corrupt > 0) console.Write(new Line().Add("failures".PadRight(13), Look.Dim).Add($"{Words.Count(e.Corrupt, "piece", "pieces")} did not verify, {Words.Peers(e.Banned)} turned away", Look.Bad));
        if (e.Cause is not ("done" or "goes")) Why(e.Cause, e.Message);
        Peers(e.Peers, e.Pieces.Count, verbose);
    }

    public void Why(WhyEvent e, bool verbose)
    {
        console.Write(new Line().Add(Name(e.Name, e.Id), Look.Strong));
        Why(e.Cause, e.Message);
        if (!verbose) return;

        _pages.Field("peers", $"{e.Peers:#,0} connected; with what is missing: {e.Useful:#,0}, of whom {e.Choking:#,0} do not let us ask");
        _pages.Field("reached", $"{Words.Count(e.Known, "address", "addresses")} known, {e.Connecting:#,0} being tried, {Words.Count(e.Failed, "attempt", "attempts")} failed; {e.Incoming:#,0} came to us");
        _pages.Field("pieces", $"{e.Missing:#,0} missing, {e.WithNobody:#,0} with nobody who is connected");
        _pages.Field("failures", $"{Words.Count(e.Corrupt, "piece", "pieces")} did not verify, {e.Banned:#,0} turned away for it; the disk refused {e.DiskFailures:#,0}");
        _pages.Field("DHT", $"{Words.Count(e.Contacts, "contact", "contacts")}");
    }

    public void Limits(LimitEvent e)
    {
        console.Write(new Line().Add(e.Id is null ? "Everything together" : Name(e.Name, e.Id), Look.Strong));
        _pages.Field("download", Limit(e.DownloadLimit));
        _pages.Field("upload", Limit(e.UploadLimit));
    }

    private void Why(string cause, string message) =>
        console.Write(new Line().Add("why".PadRight(13), Look.Dim).Add(cause, cause is "done" or "goes" or "our-limit" ? Look.Good : Look.Warn).Add("  ").Add(Safe.Text(message)));

    private static string Name(string? name, string id) => name is null ? id[..Math.Min(12, id.Length)] + "…" : Safe.Text(name);

    private static string Phase(StatusEvent e) => e.Phase switch
    {
        "idle" => e.Have == e.Total ? "here, not served" : "here in part, not served",
        "metadata" => "not known yet what it is",
        "opening" => "looking at what is here",
        "serving" => "served in part",
        "complete" => e.Have == e.Total ? "complete, served" : "what is wanted is here, served",
        _ => e.Phase,
    };

    private static string Bar(StatusEvent e, int cells)
    {
        var full = e.Length == 0 ? cells : (int)(cells * e.Bytes / e.Length);
        return new string('━', full) + new string('─', cells - full);
    }

    private static string Limit(long rate) => rate > 0 ? Words.Rate(rate) : "none";

    /// <summary>A cell for each stretch: solid where it is here, ever lighter the fewer peers have the rarest missing piece of it.</summary>
    private void Pieces(PiecesItem pieces, int cells)
    {
        if (pieces.Count == 0) return;

        var line = new Line().Add("pieces".PadRight(13), Look.Dim);
        var shown = Math.Min(cells, pieces.Strip.Count);
        for (var i = 0; i < shown; i++)
        {
            var part = pieces.Strip.Skip(pieces.Strip.Count * i / shown).Take(Math.Max(1, pieces.Strip.Count * (i + 1) / shown - pieces.Strip.Count * i / shown)).ToList();
            var fewest = part.Min(s => s.Copies);
            var (cell, look) = fewest switch
            {
                null when part.Any(s => s.Have > 0) => ('█', Look.Good),
                null => (' ', Look.Dim),
                0 => ('·', Look.Bad),
                1 => ('░', Look.Warn),
                <= Few => ('▒', Look.Accent),
                _ => ('▓', Look.Accent),
            };
            line.Add(cell.ToString(), fewest > 0 && part.Any(s => s.Have > 0) ? Look.Good : look);
        }

        console.Write(line);
        var words = $"{pieces.Have.ToString("#,0", CultureInfo.InvariantCulture)} of {Words.Count(pieces.Count, "piece", "pieces")} here";
        if (pieces.Missing > 0)
        {
            string[] kinds = [Kind(0, 0, "nobody ·"), Kind(1, 1, "one peer ░"), Kind(2, Few, $"2 to {Few} ▒"), Kind(Few + 1, pieces.Copies.Count - 1, "more ▓")];
            words += $"; missing with {string.Join(", ", kinds.Where(k => k.Length > 0))}";
        }

        _pages.Field("", words);

        string Kind(int from, int to, string name)
        {
            var count = 0;
            for (var i = from; i <= to && i < pieces.Copies.Count; i++) count += pieces.Copies[i];
            return count > 0 ? $"{name} {count.ToString("#,0", CultureInfo.InvariantCulture)}" : "";
        }
    }

    private void Connections(StatusEvent e)
    {
        var seeds = e.Peers.Count(p => p.Seed);
        _pages.Field("peers", $"{Words.Peers(e.Peers.Count)}" + (seeds > 0 ? $", {Words.Count(seeds, "seed", "seeds")} among them" : "") + $"; {Words.Count(e.Known, "address", "addresses")} known"
            + (e.Connecting > 0 ? $", {e.Connecting} being tried" : "") + (e.Failed > 0 ? $", {Words.Count(e.Failed, "attempt", "attempts")} failed" : "") + (e.Incoming > 0 ? $", {e.Incoming} came to us" : ""));
    }

    private void Peers(IReadOnlyList<PeerStatusItem> peers, int pieces, bool all)
    {
        if (peers.Count == 0) return;

        string[] headings = ["address", ">has", ">down", ">up", ">window", ">ms", "state", .. console.Profile.Width >= WideEnoughForClients ? ["client"] : Array.Empty<string>()];
        var table = Pages.Table(headings);
        foreach (var peer in peers.Take(all ? int.MaxValue : MostPeers))
        {
            Text[] cells =
            [
                Pages.Cell(Safe.Text(peer.Address)), Pages.Cell(peer.Pieces > 0 ? Words.Percent(peer.Pieces, pieces) : "-"), Pages.Cell(Rate(peer.DownloadRate)), Pages.Cell(Rate(peer.UploadRate)), Pages.Cell(peer.Useful ? $"{peer.Owed}/{peer.Window}" : "-"),
                Pages.Cell(peer.RoundTrip?.ToString("0.#", CultureInfo.InvariantCulture) ?? "-"), Pages.Cell(State(peer)), Pages.Cell(Safe.Text(peer.Client ?? ""), Look.Dim),
            ];
            table.AddRow(cells[..headings.Length]);
        }

        console.Write(table);
        if (!all && peers.Count > MostPeers) _pages.Raw($"and {Words.Peers(peers.Count - MostPeers)} more; --verbose shows them");
    }

    private static string Rate(double rate) => rate > 0 ? Words.Rate(rate) : "-";

    private static string State(PeerStatusItem peer)
    {
        List<string> words = [];
        if (peer.Snubbed) words.Add("silent");
        else if (peer.Useful) words.Add(peer.Choking ? "chokes us" : "gives");
        if (peer.Interested) words.Add(peer.Choked ? "waits" : "takes");
        if (words.Count == 0) words.Add("idle");
        return string.Join(", ", words);
    }
}
