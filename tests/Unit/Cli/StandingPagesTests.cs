using Shoal.Cli.Output;
using Shoal.Node.Events;
using Xunit;

namespace Shoal.Unit.Cli;

public sealed class StandingPagesTests
{
    private const string Id = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    private static readonly StatusEvent Downloading = new(
        Id, "film", "downloading", 5_000_000, 10_000_000, 6_000_000, 20_000_000, 1_500_000, 0, 5_100_000, 200_000, 100_000,
        new PiecesItem(10, 4, 5, [1, 2, 1, 0, 0, 0, 0, 0, 1], [new(1, null), new(1, null), new(0, 0), new(0, 1), new(0, 3), new(0, 9), new(0, null), new(1, null), new(1, null), new(0, 1)]),
        [
            new("10.0.0.2:9000", "Shoal 0.1", true, false, 10, 5_000_000, 0, 1_500_000, 0, 12, 30, 18.14, false, false, true, true, false),
            new("10.0.0.3:9000", null, false, true, 3, 0, 200_000, 0, 40_000, 0, 4, null, true, true, true, true, false),
        ],
        12, 1, 3, 1, 2, 1, 8, 0, 2_000_000, "goes", "It goes.");

    private readonly StringWriter _output = new() { NewLine = "\n" };
    private readonly StandingPages _pages;

    public StandingPagesTests() => _pages = new StandingPages(Screen.Plain(_output, TextWriter.Null, 80, isTerminal: true).Console);

    [Fact]
    public void DrawsADownload()
    {
        _pages.Status(Downloading, verbose: false);

        Assert.Equal(
            """
            film  downloading
            progress     ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━─────────────────────────────  50 %
                         5.00 MB of 10.0 MB selected, 6.00 MB of 20.0 MB in all
            pieces       ██·░▒▓ ██░
                         4 of 10 pieces here; missing with nobody · 1, one peer ░ 2, 2 to 3 ▒ 1, more ▓ 1
            traffic      1.50 MB/s down, 0 B/s up; in all 5.10 MB down, 200 kB up, 100 kB of no use
            limits       none down, 2.00 MB/s up
            peers        2 peers, 1 seed among them; 12 addresses known, 1 being tried, 3 attempts failed, 1 came to us
            failures     2 pieces did not verify, 1 peer turned away
            address          has       down         up  window    ms  state
            10.0.0.2:9000  100 %  1.50 MB/s          -   12/30  18.1  gives
            10.0.0.3:9000   30 %          -  40.0 kB/s     0/4     -  chokes us, waits

            """, Text());
    }

    [Fact]
    public void SaysWhy_WhenItDoesNotGo()
    {
        _pages.Status(Downloading with { Cause = "all-choke-us", Message = "They do.", DownloadRate = 0 }, verbose: false);
        _pages.Status(Downloading with { Name = null, Phase = "metadata", Cause = "nobody-has-it", Message = "Nobody\e is known." }, verbose: false);

        Assert.Contains("why          all-choke-us  They do.\n", Text(), StringComparison.Ordinal);
        Assert.Contains("0123456789ab…  not known yet what it is\n", Text(), StringComparison.Ordinal);
        Assert.Contains("why          nobody-has-it  Nobody\\x1b is known.\n", Text(), StringComparison.Ordinal);
    }

    [Fact]
    public void ShowsNoPeersOfWhatNobodyServes()
    {
        _pages.Status(Downloading with { Phase = "idle", Bytes = 10, Length = 10, Have = 10, Total = 10, Path = "/a/film", Cause = "done" }, verbose: true);

        Assert.Equal(
            $"""
            film  here, not served
            ID           {Id}
            progress     {new string('━', 58)}  100 %
                         10 B of 10 B
            at           /a/film

            """, Text());
    }

    [Fact]
    public void SaysTheCauseAndTheNumbersBehindIt()
    {
        _pages.Why(new WhyEvent(Id, "film", "all-choke-us", "They do.", 5, 4, 3, 12, 1, 2, 6, 80, 7, 1, 2, 0, 9, 0, 0), verbose: true);

        Assert.Equal(
            """
            film
            why          all-choke-us  They do.
            peers        5 connected; with what is missing: 4, of whom 3 do not let us ask
            reached      12 addresses known, 1 being tried, 2 attempts failed; 6 came to us
            pieces       80 missing, 7 with nobody who is connected
            failures     1 piece did not verify, 2 turned away for it; the disk refused 0
            DHT          9 contacts

            """, Text());
    }

    private string Text() => string.Join('\n', _output.ToString().Split('\n').Select(line => line.TrimEnd()));
}
