using Shoal.Cli;
using Shoal.Cli.Hosting;
using Shoal.Cli.Output;
using Shoal.Engine.Encryption;
using Shoal.Node;
using Shoal.Node.Commands;
using Shoal.Node.Events;
using Shoal.Unit.Http;
using Xunit;

namespace Shoal.Unit.Cli;

public sealed class AppTests : IDisposable
{
    private const string Id = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    private const string Link = "magnet:?xt=urn:btmh:1220" + Id;

    private readonly string _folder = Directory.CreateTempSubdirectory("shoal-").FullName;
    private readonly StringWriter _output = new(), _error = new();
    private readonly StopSignal _stop = new();
    private Script _script = (_, _, _) => Task.FromResult(ExitCode.Done);
    private ScriptedCommands? _commands;
    private NodeOptions? _options;
    private IReadOnlyList<string>? _settled;

    public void Dispose()
    {
        _stop.Dispose();
        Directory.Delete(_folder, true);
    }

    [Theory]
    [InlineData("share")]
    [InlineData("get")]
    [InlineData("share", "x", "--erasure")]
    [InlineData("share", "x", "--tracker=ftp://a/announce")]
    [InlineData("share", "x", "--tracker=udp://a")]
    [InlineData("get", "x.torrent", "--tracker")]
    [InlineData("node", "--tracker=http://a/announce")]
    [InlineData("get", Id, "--only", "")]
    [InlineData("get", Id, "--only")]
    [InlineData("get", Id, "-z")]
    [InlineData("get", Id, Id)]
    [InlineData("get", Id, "--port", "65536")]
    [InlineData("get", Id, "--port", "http")]
    [InlineData("get", Id, "--listen", "here")]
    [InlineData("get", Id, "--peer", "1.2.3.4")]
    [InlineData("get", Id, "--bootstrap")]
    [InlineData("get", Id, "--timeout", "0")]
    [InlineData("get", Id, "--upload-limit", "fast")]
    [InlineData("get", Id, "--memory", "0")]
    [InlineData("get", Id, "--seed", "--no-upload")]
    [InlineData("get", Id, "--announce", "loudly")]
    [InlineData("get", Id, "--encryption", "on")]
    [InlineData("share", "x", "--web-seed", "ftp://a.example/")]
    [InlineData("share", "x", "--web-seed", "a.example")]
    [InlineData("share", "x", "y", "--web-seed", "http://a.example/x.iso")]
    [InlineData("share", "x", "--piece-length", "1MB")]
    [InlineData("share", "x", "--piece-length", "8KiB")]
    [InlineData("share", "x", "y", "--name", "z")]
    [InlineData("share", "x", "--name", "a/b")]
    [InlineData("list", "--port", "1")]
    [InlineData("get", "nonsense")]
    [InlineData("get", "magnet:?dn=x")]
    [InlineData("get", Link + "0")]
    [InlineData("find", "abc")]
    [InlineData("remove", "abc")]
    [InlineData("verify", "abc")]
    [InlineData("status", "abc")]
    [InlineData("why")]
    [InlineData("why", "abc")]
    [InlineData("inspect", "abc")]
    public async Task RefusesWrongUsage(params string[] args)
    {
        var code = await RunAsync([.. args, "--json"]);

        Assert.Equal(2, code);
        Assert.StartsWith("shoal: ", _error.ToString(), StringComparison.Ordinal);
        Assert.StartsWith("""{"event":"error","code":""", Assert.Single(Lines(_output)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task SaysWhatIsWrongAndWhatToType()
    {
        await RunAsync("share", "x", "--erasure");

        Assert.Equal("shoal: There is no option '--erasure' for 'shoal share'. Type 'shoal share --help' for what there is.\n", _error.ToString());
        Assert.Empty(_output.ToString());
    }

    [Theory]
    [InlineData("0123456789012345678901234567890123456789")]
    [InlineData("magnet:?xt=urn:btih:0123456789012345678901234567890123456789")]
    [InlineData("magnet:?xt=urn:btih:ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")]
    [InlineData("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")]
    public async Task FetchesByANameOfV1(string link)
    {
        Assert.Equal(0, await RunAsync("get", link));
        Assert.Single(_commands!.Requests);
    }

    [Fact]
    public async Task Fails_WhenATorrentIsNotThere()
    {
        Assert.Equal(1, await RunAsync("get", "absent.torrent"));
        Assert.Empty(_commands!.Requests);
    }

    [Fact]
    public async Task RefusesATorrent_WhenItCannotBeRead()
    {
        File.WriteAllText(Path.Combine(_folder, "bad.torrent"), "d4:infoi1ee");

        Assert.Equal(2, await RunAsync("get", "bad.torrent"));
        Assert.StartsWith("shoal: 'bad.torrent' cannot be read as a .torrent: ", _error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task HandsOnTrackers()
    {
        const string Http = "http://a/announce", Udp = "udp://b:1";

        await RunAsync("share", "x", "--tracker", Http, "--tracker", Udp);
        Assert.Equal([Http, Udp], Assert.Single((IReadOnlyList<ShareRequest>)_commands!.Requests[0]).Trackers);

        await RunAsync("get", Link, "--tracker", Http);
        Assert.Equal([Http], ((GetRequest)_commands.Requests[0]).Trackers);

        await RunAsync("find", $"{Link}&tr={Uri.EscapeDataString(Udp)}", "--tracker", Http);
        Assert.Equal([Udp, Http], ((FindRequest)_commands.Requests[0]).Trackers);
    }

    [Fact]
    public async Task TakesPathsThatLookLikeOptions_WhenTheyFollowTwoDashes()
    {
        await RunAsync("share", "--json", "--", "--hybrid");

        Assert.Equal(Path.Combine(_folder, "--hybrid"), Assert.Single((IReadOnlyList<ShareRequest>)_commands!.Requests[0]).Path);
    }

    [Fact]
    public async Task ReadsOptionsIntoTheNode()
    {
        await RunAsync(
            "get", Link, "-o", "out", "--store", "s", "--listen", "127.0.0.2", "--listen", "::1", "--port", "9001", "--bootstrap", "a:1", "--bootstrap", "b:2", "--peer", "c:3",
            "--no-lan", "--announce", "none", "--download-limit", "5MB", "--encryption", "require", "--upload-limit", "1MiB", "--no-limit-lan", "--memory", "32MiB", "--timeout", "2.5", "--overwrite");

        Assert.NotNull(_options);
        Assert.Equal(Path.Combine(_folder, "s"), _options.StorePath);
        Assert.Equal(["127.0.0.2", "::1"], _options.Listen.Select(a => a.ToString()));
        Assert.Equal((9001, true, 8468, false), (_options.Port, _options.PortIsExact, _options.DhtPort, _options.DhtPortIsExact));
        Assert.Equal((5_000_000, 1048576, 32 * 1048576), (_options.DownloadLimit, _options.UploadLimit, _options.Memory));
        Assert.Equal((EncryptionMode.Require, false), (_options.Encryption, _options.LimitLan));
        Assert.Equal((false, true, true, false, false), (_options.Announces, _options.ReadOnlyDht, _options.Upload, _options.Offline, _options.ServeStore));
        Assert.Equal(["--listen", "--port", "--no-lan", "--announce", "--encryption", "--download-limit", "--upload-limit", "--no-limit-lan", "--memory"], _settled);
        var request = Assert.IsType<GetRequest>(_commands!.Requests[0]);
        Assert.Equal((Link, Path.Combine(_folder, "out"), true, 2.5), (request.Link, request.Folder, request.Overwrite, request.Timeout));
        Assert.Equal(["a:1", "b:2"], request.Bootstrap);
        Assert.Equal(["c:3"], request.Peers);
    }

    [Theory]
    [InlineData(null, null, null, "limit")]
    [InlineData(Id, 1_000_000L, null, "limit", Id, "--download-limit", "1MB")]
    [InlineData(null, 0L, 2048L, "limit", "--download-limit", "0", "--upload-limit", "2KiB")]
    public async Task ReadsLimits(string? id, long? download, long? upload, params string[] args)
    {
        await RunAsync(args);

        Assert.Equal(new LimitRequest(id, download, upload), _commands!.Requests[0]);
        Assert.True(_options!.Offline);
    }

    [Theory]
    [InlineData(AnnounceLevel.Chunks)]
    [InlineData(AnnounceLevel.Torrents, "--public")]
    [InlineData(AnnounceLevel.Files, "--announce", "files")]
    [InlineData(AnnounceLevel.Chunks, "--announce", "chunks", "--public")]
    [InlineData(AnnounceLevel.None, "--announce", "none")]
    public async Task AnnouncesWhatTheLevelSays(AnnounceLevel level, params string[] options)
    {
        await RunAsync(["get", Id, .. options]);

        Assert.Equal(level, _options!.Level);
    }

    [Fact]
    public async Task KeepsToTheDefaults()
    {
        await RunAsync("get", Id);

        Assert.Equal((true, true, true), (_options!.Announces, _options.ReadOnlyDht, _options.Upload));
        Assert.Equal((EncryptionMode.Allow, true), (_options.Encryption, _options.LimitLan));
        Assert.Equal((9000, false, 0, 0), (_options.Port, _options.PortIsExact, _options.DownloadLimit, _options.UploadLimit));
        Assert.Equal(Path.Combine(_folder, "data", "shoal"), _options.StorePath);
        Assert.Equal((Id, _folder), (((GetRequest)_commands!.Requests[0]).Link, ((GetRequest)_commands.Requests[0]).Folder));
    }

    [Fact]
    public async Task DownloadsOnly_WhenToldNotToUpload()
    {
        await RunAsync("get", Id, "--no-upload");

        Assert.Equal((false, false), (_options!.Upload, _options.Announces));
    }

    [Fact]
    public async Task StaysOffline_WhenTheStoreIsEnough()
    {
        await RunAsync("list", "--json");

        Assert.True(_options!.Offline);
    }

    [Theory]
    [InlineData(ExitCode.Interrupted, 130)]
    [InlineData(ExitCode.Terminated, 143)]
    public async Task TellsTheSignal_WhenAGetIsStopped(ExitCode signal, int expected)
    {
        _script = StopsAfter(signal);

        Assert.Equal(expected, await RunAsync("get", Id));
        Assert.Empty(_error.ToString());
    }

    [Fact]
    public async Task IsDone_WhenAShareIsStopped()
    {
        _script = StopsAfter(ExitCode.Terminated);

        Assert.Equal(0, await RunAsync("share", "x"));
    }

    [Fact]
    public async Task IsDone_WhenAGetIsStoppedWhileItSeeds()
    {
        _script = StopsAfter(ExitCode.Interrupted, new DoneEvent("/d/x", 1, 0, 0, 0, []));

        Assert.Equal(0, await RunAsync("get", Id, "--seed"));
    }

    [Fact]
    public async Task SaysWhy_WhenAVerbDoesNot()
    {
        _script = (_, _, _) => Task.FromResult(ExitCode.NobodyHasIt);

        Assert.Equal(3, await RunAsync("get", Id, "--json"));
        Assert.StartsWith("""{"event":"error","code":"not-found",""", Lines(_output)[^1], StringComparison.Ordinal);
        Assert.StartsWith("shoal: Nobody has it", _error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task TurnsTheUnexpectedIntoASentence()
    {
        _script = (_, _, _) => throw new InvalidOperationException("boom");

        Assert.Equal(1, await RunAsync("get", Id));
        Assert.Equal("shoal: Something unexpected went wrong: boom (--verbose says where)\n", _error.ToString());
    }

    [Fact]
    public async Task CountsSecondsFromTheStartOfTheProcess()
    {
        _script = Reports(new DoneEvent("/d/x", 1, 0, 99, 0.5, []));

        await RunAsync("get", Id, "--json");

        Assert.Equal("""{"event":"done","path":"/d/x","bytes":1,"reused":0,"seconds":1.5,"transferSeconds":0.5,"peers":[]}""", Lines(_output)[^1]);
    }

    [Fact]
    public async Task PrintsTheLinkAlone_WhenQuiet()
    {
        _script = Reports(new SharedEvent(Link, Id, null, "x", 1, 262144, []));

        await RunAsync("share", "x", "--quiet");

        Assert.Equal(Link + "\n", _output.ToString());
    }

    [Fact]
    public async Task TellsAShareInPlainLines_WhenRedirected()
    {
        _script = Reports(new HashingEvent("/x/movie.mp4", 2_000_000, 4_000_000), new SharedEvent(Link, Id, null, "movie.mp4", 4_000_000, 262144, [new FileItem("movie.mp4", 4_000_000, Id, null)]));

        await RunAsync("share", "x");

        Assert.Equal(
            $"""
            Listening on 127.0.0.2:9000, DHT on 127.0.0.2:8468
             50 %  hashed 2.00 MB of 4.00 MB
            Sharing movie.mp4  4.00 MB, 1 file, pieces of 256 KiB
            {Link}
            Serving. Ctrl+C to stop.

            """, _output.ToString());
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public async Task SaysThatAShareIsNotFound_AndNotThatItIs(bool isFound, bool isTold)
    {
        _script = Reports(new FindableEvent(Id, isFound, 2, 0.08));

        await RunAsync("share", "x");

        Assert.Equal(isTold, _output.ToString().Contains("Warning: a lookup did not find 0123456789ab… in the DHT.", StringComparison.Ordinal));
        Assert.Equal(isTold ? 2 : 1, Lines(_output).Length);
    }

    [Fact]
    public async Task SaysThatAShareIsFound_WhenVerbose()
    {
        _script = Reports(new FindableEvent(Id, true, 2, 0.08));

        await RunAsync("share", "x", "--verbose");

        Assert.Contains("Found 0123456789ab… in the DHT as a stranger would, over 2 hops in 80 ms\n", _output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task TellsAGetInPlainLines_WhenRedirected()
    {
        _script = Reports(
            new ProgressEvent(0, 0, 0, 0) { Phase = "finding" },
            new ProgressEvent(0, 0, 0, 1) { Phase = "metadata" },
            new MetadataEvent("torrent", Id, Id, null, "a\e[2J:smile:[red]\u202eb", 4_000_000, 262144, [new FileItem("a", 1, Id, null), new FileItem("b", 1, Id, null)]),
            new ProgressEvent(1_000_000, 4_000_000, 5_000_000, 3),
            new ProgressEvent(1_100_000, 4_000_000, 5_000_000, 3),
            new ProgressEvent(4_000_000, 4_000_000, 5_000_000, 3),
            new DoneEvent("/d/x", 4_000_000, 1_000_000, 1, 0.6, [new PeerItem("127.0.0.2:9000", "Shoal 0.1", 1_000_000), new PeerItem("127.0.0.3:9000", null, 2_000_000)]));

        await RunAsync("get", Id);

        Assert.Equal(
            """
            Listening on 127.0.0.2:9000, DHT on 127.0.0.2:8468
            Finding peers
            Asking what it is
            Fetching a\x1b[2J:smile:[red]\u202eb  4.00 MB, 2 files, pieces of 256 KiB
             25 %  1.00 MB of 4.00 MB, 5.00 MB/s, 3 peers
            100 %  4.00 MB of 4.00 MB, 5.00 MB/s, 3 peers
            Done: /d/x
            4.00 MB in 1.5 s, 5.00 MB/s on average, 1.00 MB of it was here already
               2.00 MB   66 %  from 127.0.0.3:9000
               1.00 MB   33 %  from 127.0.0.2:9000  Shoal 0.1

            """, _output.ToString());
    }

    [Fact]
    public async Task TabulatesAList()
    {
        _script = Reports(new ItemEvent("torrent", Id, "mövie 🐟", 4_000_000, 2_000_000));

        await RunAsync("list");

        Assert.Equal(
            $"""
            ID                                                                kind        size  here  name
            {Id}  torrent  4.00 MB  50 %  mövie 🐟
            """.ReplaceLineEndings("\n").Split('\n').Select(l => l.TrimEnd()), Lines(_output).Select(l => l.TrimEnd()));
    }

    [Fact]
    public async Task InspectsALink()
    {
        await RunAsync("inspect", Link + "&dn=x&x.pe=1.2.3.4:5", "--json");

        Assert.Equal($$"""{"event":"link","link":"{{Link}}&dn=x&x.pe=1.2.3.4:5","infohash":"{{Id}}","infohashV1":null,"name":"x","peers":["1.2.3.4:5"],"trackers":[],"webSeeds":[]}""", Lines(_output)[0]);
    }

    [Fact]
    public async Task ShowsAnOverview_WhenNothingIsAsked()
    {
        Assert.Equal(0, await RunAsync());
        Assert.Contains("shoal demo", _output.ToString(), StringComparison.Ordinal);
    }

    private static Script Reports(params ShoalEvent[] events) => (_, report, _) =>
    {
        foreach (var e in events) report(e);
        return Task.FromResult(ExitCode.Done);
    };

    private Script StopsAfter(ExitCode signal, params ShoalEvent[] events) => async (_, report, ct) =>
    {
        foreach (var e in events) report(e);
        _stop.Stop(signal);
        await Task.Delay(Timeout.Infinite, ct);
        return ExitCode.Done;
    };

    private static string[] Lines(StringWriter writer) => writer.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private Task<int> RunAsync(params string[] args)
    {
        _output.NewLine = "\n";
        var shell = new Shell(Screen.Plain(_output, _error), _stop, TimeProvider.System, _folder, name => name == "XDG_DATA_HOME" ? Path.Combine(_folder, "data") : null)
        {
            Age = () => TimeSpan.FromSeconds(1.5),
            Door = (options, settled) =>
            {
                (_options, _settled) = (options, settled);
                return new ScriptedDoor(new ScriptedDoor.Answer(_commands = new ScriptedCommands(_script)));
            },
        };
        return new App(shell).RunAsync(args);
    }
}
