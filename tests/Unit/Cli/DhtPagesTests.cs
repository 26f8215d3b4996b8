using Shoal.Cli.Output;
using Shoal.Node.Events;
using Xunit;

namespace Shoal.Unit.Cli;

public sealed class DhtPagesTests
{
    private const string Id = "0123456789abcdef0123456789abcdef01234567";

    private readonly StringWriter _output = new() { NewLine = "\n" };
    private readonly DhtPages _pages;

    public DhtPagesTests() => _pages = new DhtPages(Screen.Plain(_output, TextWriter.Null, 80, isTerminal: true).Console);

    [Fact]
    public void DrawsTheBuckets()
    {
        _pages.Status(Status(new(0, 96, 32, 128), new(1, 62, 1, 64), new(2, 32, 0, 32), new(3, 8, 3, 16), new(4, 1, 0, 8), new(5, 0, 0, 8), new(6, 0, 0, 8)), contacts: false);

        Assert.Equal(
            $"""
            DHT on 127.0.0.2:8468
            node ID      {Id}
            seen at      127.0.0.2:8468
            contacts     1,199 good, 36 questionable
            network      about 9,800 nodes beside this one
            keeps        12 keys with 40 peers, 1 item

             bits                                     good  questionable    of
               0   ████████████████████████▒▒▒▒▒▒▒▒     96            32   128
               1   ███████████████████████████████▒     62             1    64
               2   ████████████████████████████████     32             0    32
               3   ████████████████▒▒▒▒▒▒··········      8             3    16
               4   ████····························      1             0     8
               5+  nobody closer

            In all
            announces    3 keys
            answers      1,000 received, 2 errors, 1 query timed out
            ignored      4 refused, 5 malformed, 6 dropped
            traffic      2.00 MB received, 1.00 MB sent
            queries              received       sent
              find_node             1,200         40

            """, Text());
    }

    [Fact]
    public void SaysWhatToDo_WhenNobodyIsKnown()
    {
        var node = new DhtNodeItem(Id, "[::1]:8468", null, 0, 0, [new(0, 0, 0, 128)], [], 0, 0, 0, null);
        _pages.Status(Status() with { Nodes = [node] }, contacts: false);

        Assert.DoesNotContain("bits", Text(), StringComparison.Ordinal);
        Assert.Contains("It knows nobody yet. Name a node of the network that runs: --bootstrap HOST:PORT\n", Text(), StringComparison.Ordinal);
    }

    [Fact]
    public void EstimatesNoFewerNodesThanItKnows()
    {
        var node = new DhtNodeItem(Id, "[::1]:8468", null, 2, 0, [], [new(Id, "[::1]:1", true), new(Id, "[::1]:2", true)], 0, 0, 0, 1.4);
        _pages.Status(Status() with { Nodes = [node] }, contacts: true);

        Assert.Contains("network      at least 2 nodes beside this one\n", Text(), StringComparison.Ordinal);
        Assert.Contains($"{Id}  [::1]:2  good\n", Text(), StringComparison.Ordinal);
    }

    [Fact]
    public void ShowsWhoIsClosestAndWhoHasIt()
    {
        _pages.Lookup(
            new LookupEvent(Id, 8, 1, 11, 2, 0.012, 3.1, 1.4, true), [new ContactEvent(Id, "127.0.0.9:8468", 7, Id, 2)],
            [new FoundPeerEvent(Id, "127.0.0.5:9000", "dht", 1, 0.42) { From = "127.0.0.9:8468" }]);

        Assert.Equal(
            $"""
            Key {Id}

            closest                                   address         bits  hops
            {Id}  127.0.0.9:8468     7     2

            peer            told by         hops   ms
            127.0.0.5:9000  127.0.0.9:8468     1  0.4

            8 contacts answered 11 queries over 2 hops in 12 ms.
            1 peer found; by the contacts' counts about 3 seeds, 1 downloader.
            Crowded: suspiciously many nodes are close to this key. More were asked.

            """, Text());
    }

    [Fact]
    public void CutsNodeIds_WhereAddressesAreLong()
    {
        _pages.Lookup(new LookupEvent(Id, 1, 0, 1, 1, 0.012, null, null, false), [new ContactEvent(Id, "[2001:db8:1111:2222:3333:4444:5555:6666]:8468", 7, Id, 2)], []);

        Assert.All(Text().Split('\n'), line => Assert.InRange(line.Length, 0, 80));
        Assert.Contains("…  [2001:db8:1111:2222:3333:4444:5555:6666]:8468     7     2", Text(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("two\nlines \u202e", "3a", "two\nlines \\u202e\n")]
    [InlineData(null, "333a1b5b4a", "1b5b4a\n")]
    [InlineData(null, "69343265", "i42e\n")]
    public void ShowsValuesHarmlessly(string? value, string hex, string shown)
    {
        _pages.Content(new ValueEvent(Id, value, hex, null, null, 1, 0));

        Assert.Equal(shown, _output.ToString());
    }

    [Theory]
    [InlineData("SH 0.1", "Shoal 0.1")]
    [InlineData("LT 2.0", "libtorrent 2.0")]
    [InlineData("\e 1.2", "\\x1b 1.2")]
    [InlineData(null, "it does not say")]
    public void NamesTheProgram(string? version, string shown)
    {
        _pages.Pong(new PongEvent("127.0.0.2:8468", Id, 0.44, version, null));

        Assert.Contains($"program      {shown}\n", Text(), StringComparison.Ordinal);
    }

    private static DhtStatusEvent Status(params DhtBucketItem[] buckets)
    {
        var node = new DhtNodeItem(Id, "127.0.0.2:8468", "127.0.0.2:8468", 1199, 36, buckets, [new(Id, "127.0.0.3:8468", true)], 12, 40, 1, 9800.4);
        var queries = new Dictionary<string, DhtTrafficItem> { ["ping"] = new(0, 0), ["find_node"] = new(1200, 40) };
        return new DhtStatusEvent([node], 3, queries, 1000, 2, 1, 4, 5, 6, 1_000_000, 2_000_000);
    }

    private string Text() => string.Join('\n', _output.ToString().Split('\n').Select(l => l.TrimEnd()));
}
