using System.Globalization;
using System.Text;
using Shoal.Cli.Arguments;
using Shoal.Node.Events;
using Spectre.Console;

namespace Shoal.Cli.Output;

/// <summary>What stays on the screen of the DHT.</summary>
internal sealed class DhtPages(IAnsiConsole console)
{
    private const int BarCells = 32;
    private const int HexBytesPerLine = 32;

    private readonly Pages _pages = new(console);

    public void Status(DhtStatusEvent e, bool contacts)
    {
        foreach (var node in e.Nodes)
        {
            Node(node);
            if (contacts) Contacts(node);
            _pages.Raw("");
        }

        if (e.Nodes.All(n => n.Contacts.Count == 0))
        {
            console.Write(new Line().Add("It knows nobody yet. ", Look.Warn).Add("Name a node of the network that runs: --bootstrap HOST:PORT"));
            _pages.Raw("");
        }

        Traffic(e);
    }

    public void Lookup(LookupEvent e, IReadOnlyList<ContactEvent> contacts, IReadOnlyList<FoundPeerEvent> peers)
    {
        console.Write(new Line().Add("Key ").Add(e.Key, Look.Strong));
        _pages.Raw("");
        Closest(contacts);
        if (peers.Count > 0) Found(peers);
        _pages.Raw("");
        _pages.Raw($"{Words.Count(e.Contacts, "contact", "contacts")} answered {Words.Count(e.Queries, "query", "queries")} over {Words.Count(e.Hops, "hop", "hops")} in {Words.Moment(e.Seconds)}.");
        _pages.Raw(e.Peers == 0 ? "Nobody is announced under this key." : $"{Words.Peers(e.Peers)} found{Estimate(e)}.");
        if (e.Crowded) console.Write(new Line().Add("Crowded: ", Look.Warn).Add("suspiciously many nodes are close to this key. More were asked."));
    }

    public void Pong(PongEvent e)
    {
        console.Write(new Line().Add(e.Address, Look.Strong).Add($" answered in {e.Ms.ToString("0.0", CultureInfo.InvariantCulture)} ms."));
        _pages.Field("node ID", e.Id);
        _pages.Field("program", e.Version is null ? "it does not say" : Program(e.Version));
        _pages.Field("sees us at", e.External ?? "it does not say");
    }

    public void Stored(StoredEvent e)
    {
        console.Write(new Line().Add("Stored ", Look.Good).Add($"on {Words.Count(e.Nodes, "node", "nodes")} in {Words.Moment(e.Seconds)}."));
        _pages.Field("target", e.Target);
        if (e.PublicKey is not null) _pages.Field("public key", e.PublicKey);
        if (e.Salt is not null) _pages.Field("salt", Safe.Text(e.Salt));
        if (e.Sequence is { } sequence) _pages.Field("sequence", sequence.ToString(CultureInfo.InvariantCulture));
        if (e.Conflicts > 0) console.Write(new Line().Add("Warning: ", Look.Warn).Add($"{Words.Count(e.Conflicts, "node holds", "nodes hold")} another version and refused it. 'shoal dht get' shows which one counts."));
        console.Write(new Line().Add("Nodes forget it after two hours, unless it is put again.", Look.Dim));
    }

    public void Value(ValueEvent e)
    {
        Content(e);
        console.Write(new Line().Add(Origin(e), Look.Dim));
    }

    /// <summary>The value alone, harmless.</summary>
    public void Content(ValueEvent e)
    {
        var bytes = ItemValue.Content(e);
        if (e.Value is { } text)
        {
            foreach (var line in text.Split('\n')) _pages.Raw(Safe.Text(line));
        }
        else if (bytes.All(b => b is >= 0x20 and < 0x7f)) _pages.Raw(Encoding.ASCII.GetString(bytes));
        else foreach (var part in bytes.Chunk(HexBytesPerLine)) _pages.Raw(Convert.ToHexStringLower(part));
    }

    public void Saved(ValueEvent e, string path)
    {
        console.Write(new Line().Add("Written: ", Look.Good).Add(Safe.Text(path), Look.Strong).Add($"  {Words.Size(ItemValue.Content(e).Length)}"));
        console.Write(new Line().Add(Origin(e), Look.Dim));
    }

    private void Node(DhtNodeItem node)
    {
        console.Write(new Line().Add("DHT on ").Add(node.Address, Look.Strong));
        _pages.Field("node ID", node.Id);
        _pages.Field("seen at", node.External ?? "not known yet: too few have said");
        _pages.Field("contacts", string.Create(CultureInfo.InvariantCulture, $"{node.Good:#,0} good, {node.Questionable:#,0} questionable"));
        if (node.NetworkSize is { } size) _pages.Field("network", Size((long)Math.Round(size), node.Contacts.Count));
        _pages.Field("keeps", $"{Words.Count(node.Keys, "key", "keys")} with {Words.Peers(node.Peers)}, {Words.Count(node.Items, "item", "items")}");
        Buckets(node.Buckets);
    }

    /// <summary>An estimate knows less than the contacts do, where the network is small.</summary>
    private static string Size(long estimate, int known) =>
        (estimate > known ? "about " : "at least ") + Words.Count(Math.Max(estimate, known), "node", "nodes") + " beside this one";

    private void Buckets(IReadOnlyList<DhtBucketItem> buckets)
    {
        var shown = buckets.Count;
        while (shown > 0 && buckets[shown - 1] is { Good: 0, Questionable: 0 }) shown--;
        if (shown == 0) return;

        _pages.Raw("");
        console.Write(new Line().Add($" bits  {"",BarCells}   good  questionable    of", Look.Dim));
        for (var i = 0; i < shown; i++)
        {
            var bucket = buckets[i];
            var line = new Line().Add($"{bucket.Bits,4}{(i == buckets.Count - 1 ? "+" : " ")}  ");
            Bar(line, bucket);
            console.Write(line.Add(string.Create(CultureInfo.InvariantCulture, $"  {bucket.Good,5}  {bucket.Questionable,12}")).Add($"  {bucket.Capacity,4}", Look.Dim));
        }

        if (shown < buckets.Count) console.Write(new Line().Add($"{shown,4}+  nobody closer", Look.Dim));
    }

    private static void Bar(Line line, DhtBucketItem bucket)
    {
        var good = Cells(bucket.Good, bucket.Capacity);
        var questionable = Math.Min(Cells(bucket.Questionable, bucket.Capacity), BarCells - good);
        line.Add(new string('█', good), Look.Accent).Add(new string('▒', questionable), Look.Warn).Add(new string('·', BarCells - good - questionable), Look.Dim);
    }

    /// <summary>Somebody is never nobody.</summary>
    private static int Cells(int count, int capacity) => count == 0 ? 0 : Math.Clamp((int)Math.Round((double)count * BarCells / Math.Max(1, capacity)), 1, BarCells);

    private void Contacts(DhtNodeItem node)
    {
        if (node.Contacts.Count == 0) return;

        _pages.Raw("");
        var table = Pages.Table("node ID", "address", "state");
        foreach (var contact in node.Contacts) table.AddRow(Pages.Cell(contact.Id), Pages.Cell(contact.Address), Pages.Cell(contact.Good ? "good" : "questionable"));
        console.Write(table);
    }

    private void Traffic(DhtStatusEvent e)
    {
        console.Write(new Line().Add("In all", Look.Strong));
        _pages.Field("announces", Words.Count(e.OwnKeys, "key", "keys"));
        _pages.Field("answers", $"{e.Answers.ToString("#,0", CultureInfo.InvariantCulture)} received, {Words.Count(e.Errors, "error", "errors")}, {Words.Count(e.Timeouts, "query", "queries")} timed out");
        _pages.Field("ignored", string.Create(CultureInfo.InvariantCulture, $"{e.Refused:#,0} refused, {e.Malformed:#,0} malformed, {e.Dropped:#,0} dropped"));
        _pages.Field("traffic", $"{Words.Size(e.BytesReceived)} received, {Words.Size(e.BytesSent)} sent");
        var queries = e.Queries.Where(q => q.Value.Received + q.Value.Sent > 0).ToList();
        if (queries.Count == 0) return;

        console.Write(new Line().Add($"{"queries",-18} {"received",10} {"sent",10}", Look.Dim));
        foreach (var (name, traffic) in queries) _pages.Raw(string.Create(CultureInfo.InvariantCulture, $"  {Safe.Text(name),-16} {traffic.Received,10:#,0} {traffic.Sent,10:#,0}"));
    }

    private void Closest(IReadOnlyList<ContactEvent> contacts)
    {
        const int Beside = 18; // the columns for bits and hops, and what separates them
        var room = console.Profile.Width - Beside - contacts.Select(c => c.Address.Length).DefaultIfEmpty(0).Max();
        var table = Pages.Table("closest", "address", ">bits", ">hops");
        foreach (var contact in contacts)
        {
            var id = room >= contact.Id.Length ? contact.Id : contact.Id[..Math.Clamp(room - 1, 1, contact.Id.Length)] + "…";
            table.AddRow(Pages.Cell(id), Pages.Cell(contact.Address), Pages.Cell(Number(contact.Bits)), Pages.Cell(Number(contact.Hops)));
        }

        console.Write(table);
    }

    private void Found(IReadOnlyList<FoundPeerEvent> peers)
    {
        _pages.Raw("");
        var table = Pages.Table("peer", "told by", ">hops", ">ms");
        foreach (var peer in peers)
            table.AddRow(Pages.Cell(peer.Address), Pages.Cell(peer.From ?? "this node"), Pages.Cell(Number(peer.Hops)), Pages.Cell(peer.Ms.ToString("0.0", CultureInfo.InvariantCulture)));
        console.Write(table);
    }

    private static string Estimate(LookupEvent e) => e is { Seeds: null, Downloaders: null }
        ? ""
        : $"; by the contacts' counts about {Words.Count((long)Math.Round(e.Seeds ?? 0), "seed", "seeds")}, {Words.Count((long)Math.Round(e.Downloaders ?? 0), "downloader", "downloaders")}";

    private static string Origin(ValueEvent e)
    {
        var where = $"{Words.Count(e.Copies, "copy", "copies")}, found in {Words.Moment(e.Seconds)}";
        return e.PublicKey is null ? $"{where}; never to be replaced" : string.Create(CultureInfo.InvariantCulture, $"sequence {e.Sequence}, {where}; signed by {e.PublicKey[..12]}…");
    }

    /// <summary>Two letters by custom, of whoever has been given them.</summary>
    private static string Program(string version) => version.Split(' ') is [var letters, var numbers]
        ? letters switch
        {
            "SH" => $"Shoal {numbers}",
            "LT" => $"libtorrent {numbers}",
            "UT" => $"uTorrent {numbers}",
            _ => Safe.Text(version),
        }
        : Safe.Text(version);

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}
