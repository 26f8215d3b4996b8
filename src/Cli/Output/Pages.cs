using System.Globalization;
using Shoal.Node.Events;
using Spectre.Console;

namespace Shoal.Cli.Output;

/// <summary>What stays on the screen.</summary>
internal sealed class Pages(IAnsiConsole console)
{
    private const int MaxPeersTold = 12;
    private const int WideEnoughForIds = 110; // 64 digits and what stands beside them

    public void Raw(string text) => console.Write(new Line().Add(text));

    public void Listening(ListeningEvent e)
    {
        var line = new Line();
        if (e.Tcp is null) line.Add("Not listening: this node only downloads.", Look.Dim);
        else line.Add($"Listening on {e.Tcp}" + (e.Udp is null ? "" : $", DHT on {e.Udp}"), Look.Dim);
        console.Write(line);
    }

    public void Shared(SharedEvent e)
    {
        console.Write(new Line().Add("Sharing ").Add(Safe.Text(e.Name), Look.Strong).Add(Facts(e.Length, e.Files, e.PieceLength), Look.Dim));
        console.Write(new Line().Add(Safe.Text(e.Link), Look.Accent));
    }

    public void Announced(AnnouncedEvent e) =>
        console.Write(new Line().Add($"Announced {e.Id[..Math.Min(12, e.Id.Length)]}… to {Words.Count(e.Nodes, "node", "nodes")} in {Words.Duration(e.Seconds)}", Look.Dim));

    public void Findable(FindableEvent e)
    {
        var name = $"{e.Id[..Math.Min(12, e.Id.Length)]}…";
        console.Write(e.Found
            ? new Line().Add($"Found {name} in the DHT as a stranger would, over {Words.Count(e.Hops, "hop", "hops")} in {Words.Moment(e.Seconds)}", Look.Dim)
            : new Line().Add("Warning: ", Look.Warn).Add($"a lookup did not find {name} in the DHT. It is announced again soon; until then give the whole link."));
    }

    public void Metadata(MetadataEvent e, bool files)
    {
        console.Write(new Line().Add("Fetching ").Add(Safe.Text(e.Name), Look.Strong).Add(Facts(e.Length, e.Files, e.PieceLength), Look.Dim));
        if (e.Selected is { } selected) console.Write(new Line().Add($"  of which {Words.Files(selected.Files)}, {Words.Size(selected.Length)}"));
        if (files) Files(e.Files);
    }

    /// <summary>All that is known, for <c>inspect</c>.</summary>
    public void Inspected(MetadataEvent e)
    {
        Field("name", Safe.Text(e.Name));
        if (e.Infohash is not null) Field("infohash", e.Infohash);
        if (e.InfohashV1 is not null) Field("infohash v1", e.InfohashV1);
        Field("length", string.Create(CultureInfo.InvariantCulture, $"{Words.Size(e.Length)} ({e.Length:#,0} bytes)"));
        Field("pieces", $"of {Words.PowerOfTwo(e.PieceLength)}");
        Field("files", e.Files.Count.ToString("#,0", CultureInfo.InvariantCulture));
        Files(e.Files);
    }

    public void Link(LinkEvent e)
    {
        if (e.Name is not null) Field("name", Safe.Text(e.Name));
        if (e.Infohash is not null) Field("infohash", e.Infohash);
        if (e.InfohashV1 is not null) Field("infohash v1", e.InfohashV1);
        foreach (var peer in e.Peers) Field("peer", Safe.Text(peer));
        foreach (var tracker in e.Trackers) Field("tracker", Safe.Text(tracker));
        foreach (var seed in e.WebSeeds) Field("web seed", Safe.Text(seed));
    }

    public void Done(DoneEvent e)
    {
        var fetched = e.Bytes - e.Reused;
        var seconds = e.TransferSeconds > 0 ? e.TransferSeconds : e.Seconds;
        console.Write(new Line().Add("Done: ", Look.Good).Add(Safe.Text(e.Path), Look.Strong));
        var line = new Line().Add($"{Words.Size(e.Bytes)} in {Words.Duration(e.Seconds)}");
        if (fetched > 0 && seconds > 0) line.Add($", {Words.Rate(fetched / seconds)} on average");
        if (e.Reused > 0) line.Add($", {Words.Size(e.Reused)} of it was here already");
        console.Write(line);

        var total = Math.Max(1, e.Peers.Sum(p => p.Bytes));
        foreach (var peer in e.Peers.OrderByDescending(p => p.Bytes).Take(MaxPeersTold))
        {
            console.Write(new Line().Add($"  {Words.Size(peer.Bytes),8}  {Words.Percent(peer.Bytes, total),5}  from {Safe.Text(peer.Address)}").Add(peer.Client is null ? "" : $"  {Safe.Text(peer.Client)}", Look.Dim));
        }

        if (e.Peers.Count > MaxPeersTold) console.Write(new Line().Add($"  and from {Words.Peers(e.Peers.Count - MaxPeersTold)} more", Look.Dim));
    }

    public void Items(IReadOnlyList<ItemEvent> items)
    {
        if (console.Profile.Width < WideEnoughForIds)
        {
            foreach (var item in items)
            {
                console.Write(new Line().Add($"{Words.Size(item.Length),8}  {Words.Percent(item.Have, item.Length),5}  {item.Kind}  ").Add(Safe.Text(NameOf(item)), Look.Strong).Add(item.Pinned == true ? "  (pinned)" : ""));
                console.Write(new Line().Add("  " + item.Id, Look.Dim));
            }

            return;
        }

        var table = Table("ID", "kind", ">size", ">here", "name");
        foreach (var item in items) table.AddRow(Cell(item.Id), Cell(item.Kind), Cell(Words.Size(item.Length)), Cell(Words.Percent(item.Have, item.Length)), Cell(Safe.Text(NameOf(item)) + (item.Pinned == true ? "  (pinned)" : "")));
        Write(table);
    }

    /// <summary>What was looked for is told by where it lies.</summary>
    private static string NameOf(ItemEvent item) => item is { Torrent: not null, Path: { } path } ? item.Offset is { } at ? $"{path} from {at:N0}" : path : item.Name;

    public void Found(IReadOnlyList<FoundPeerEvent> peers)
    {
        var table = Table("address", "via", ">hops", ">ms");
        foreach (var peer in peers)
        {
            table.AddRow(Cell(Safe.Text(peer.Address)), Cell(Safe.Text(peer.Via)), Cell(peer.Hops.ToString(CultureInfo.InvariantCulture)), Cell(peer.Ms.ToString("0", CultureInfo.InvariantCulture)));
        }

        Write(table);
        Raw($"{Words.Peers(peers.Select(p => p.Address).Distinct().Count())} found.");
    }

    public void Verified(IReadOnlyList<VerifiedEvent> verified)
    {
        foreach (var e in verified)
        {
            var line = new Line().Add(e.Bad == 0 ? "verified  " : "damaged   ", e.Bad == 0 ? Look.Good : Look.Bad).Add(e.Id).Add($"  {Words.Count(e.Ok, "piece", "pieces")} right");
            console.Write(e.Bad == 0 ? line : line.Add($", {e.Bad.ToString("#,0", CultureInfo.InvariantCulture)} not", Look.Bad));
            if (e.Path is not null) console.Write(new Line().Add("  " + Safe.Text(e.Path), Look.Dim));
            foreach (var file in e.Files ?? []) console.Write(new Line().Add($"  {Words.Count(file.Bad, "piece", "pieces"),12} bad  ").Add(Safe.Text(file.Path), Look.Strong).Add("  " + Numbers(file), Look.Dim));
        }
    }

    public void Removed(RemovedEvent e) =>
        console.Write(new Line().Add("Removed ").Add(Safe.Text(e.Name), Look.Strong).Add(e.FilesDeleted ? ", and what was downloaded is deleted." : ". Its files stay where they are."));

    public void Pinned(PinnedEvent e) =>
        console.Write(new Line().Add(e.Pinned ? "Pinned " : "Unpinned ").Add(Safe.Text(e.Name), Look.Strong).Add(e.Pinned ? ": it stays whatever room is needed." : ": it may go when room is needed."));

    public void Relocated(RelocatedEvent e) => console.Write(new Line().Add("Proven, and served from ").Add(Safe.Text(e.Path), Look.Strong).Add(" from now on."));

    public void Repaired(RepairedEvent e) => console.Write(new Line().Add("repaired  ", Look.Good).Add(Safe.Text(e.Path), Look.Strong).Add($"  {Words.Count(e.Pieces, "piece", "pieces")}, {Words.Size(e.Bytes)}"));

    public void Evicted(EvictedEvent e) => console.Write(new Line().Add(e.DryRun ? "would go  " : "gone      ", Look.Warn).Add($"{Words.Size(e.Bytes),8}  ").Add(Safe.Text(e.Name), Look.Strong).Add("  " + Safe.Text(e.Path), Look.Dim));

    public void Kept(KeptEvent e) => console.Write(new Line().Add("stays     ").Add($"{Words.Size(e.Bytes),8}  ").Add(Safe.Text(e.Name), Look.Strong).Add(
        e.Reason switch { "pinned" => "  it is pinned", "in-use" => "  a command uses it", _ => "  nobody else is known to have it" }, Look.Dim));

    public void Collected(CollectedEvent e) => Raw($"{(e.DryRun ? "Would free" : "Freed")} {Words.Size(e.Freed)}; the store {(e.DryRun ? "would then hold" : "holds")} {Words.Size(e.Held)} of downloads and copies.");

    public void Usage(IReadOnlyList<UsageEvent> usage)
    {
        var table = Table(">here", ">common", ">brought", "kind", "name");
        foreach (var e in usage)
        {
            var name = e.Id is null ? "all together, what several have counted once" : Safe.Text(e.Name ?? "") + (e.Pinned == true ? "  (pinned)" : "");
            table.AddRow(Cell(Words.Size(e.Bytes)), Cell(Words.Size(e.Common)), Cell(Words.Size(e.Brought)), Cell(e.Kind ?? ""), Cell(name));
        }

        Write(table);
        if (usage[^1].Quota is { } quota) Raw($"The quota is {Words.Size(quota)}.");
    }

    public void Warning(WarningEvent e) => console.Write(new Line().Add("Warning: ", Look.Warn).Add(Safe.Text(e.Message)));

    public void Files(IReadOnlyList<FileItem> files)
    {
        if (files.Count == 0) return;

        if (console.Profile.Width < WideEnoughForIds)
        {
            foreach (var file in files)
            {
                console.Write(new Line().Add($"{Words.Size(file.Length),8}  ").Add(Safe.Text(file.Path), Look.Strong));
                if (file.Id is not null) console.Write(new Line().Add("  " + file.Id, Look.Dim));
                foreach (var chunk in file.Chunks ?? []) console.Write(new Line().Add("    " + chunk, Look.Dim));
            }

            return;
        }

        var table = Table(">size", "ID", "path");
        foreach (var file in files)
        {
            table.AddRow(Cell(Words.Size(file.Length)), Cell(file.Id ?? "-"), Cell(Safe.Text(file.Path)));
            foreach (var (chunk, at) in (file.Chunks ?? []).Select((c, i) => (c, i))) table.AddRow(Cell(""), Cell(chunk, Look.Dim), Cell(string.Create(CultureInfo.InvariantCulture, $"  chunk {at}"), Look.Dim));
        }

        Write(table);
    }

    private static string Numbers(BadFileItem file)
    {
        const int Told = 8;
        var numbers = string.Join(", ", file.Pieces.Take(Told).Select(p => p.ToString(CultureInfo.InvariantCulture)));
        return file.Bad > Told ? numbers + ", …" : numbers;
    }

    private static string Facts(long length, IReadOnlyList<FileItem> files, int pieceLength) => $"  {Words.Size(length)}, {Words.Files(files.Count)}, pieces of {Words.PowerOfTwo(pieceLength)}";

    public void Field(string name, string value) => console.Write(new Line().Add(name.PadRight(13), Look.Dim).Add(value));

    /// <summary>A <c>&gt;</c> before a heading puts its column to the right.</summary>
    public static Table Table(params string[] headings)
    {
        var table = new Table { Border = TableBorder.None };
        foreach (var heading in headings)
        {
            var right = heading.StartsWith('>');
            var column = new TableColumn(new Text(heading.TrimStart('>'), Look.Dim)) { Padding = new Padding(0, 0, 2, 0), NoWrap = heading is not ("name" or "path") };
            table.AddColumn(right ? column.RightAligned() : column);
        }

        return table;
    }

    public static Text Cell(string text, Style? style = null) => new(text, style) { Overflow = Overflow.Fold };

    private void Write(Table table) => console.Write(table);
}
