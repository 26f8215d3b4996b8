using System.Text;
using Shoal.Cli;
using Shoal.Cli.Hosting;
using Shoal.Cli.Output;
using Shoal.Dht.Items;
using Shoal.Node;
using Shoal.Node.Commands;
using Shoal.Node.Events;
using Shoal.Unit.Http;
using Xunit;

namespace Shoal.Unit.Cli;

public sealed class DhtCommandTests : IDisposable
{
    private const string Key = "0123456789abcdef0123456789abcdef01234567";
    private const string Id = Key + "89abcdef0123456789abcdef";
    private const string Link = "magnet:?xt=urn:btmh:1220" + Id;

    private readonly string _folder = Directory.CreateTempSubdirectory("shoal-").FullName;
    private readonly MemoryStream _written = new();
    private readonly StringWriter _error = new();
    private readonly StopSignal _stop = new();
    private byte[] _input = [];
    private Script _script = (_, _, _) => Task.FromResult(ExitCode.Done);
    private ScriptedCommands? _commands;
    private NodeOptions? _options;

    private string Output => Encoding.UTF8.GetString(_written.ToArray());

    public void Dispose()
    {
        _stop.Dispose();
        Directory.Delete(_folder, true);
    }

    [Theory]
    [InlineData("frobnicate")]
    [InlineData("--peer", "127.0.0.2:1")]
    [InlineData("--store", "s", "lookup", Key)]
    [InlineData("lookup")]
    [InlineData("lookup", "abc")]
    [InlineData("lookup", Key, Key)]
    [InlineData("lookup", Key, "--timeout", "0")]
    [InlineData("lookup", Key, "--peer", "127.0.0.2:1")]
    [InlineData("ping")]
    [InlineData("ping", "127.0.0.2")]
    [InlineData("ping", "127.0.0.2:0")]
    [InlineData("put")]
    [InlineData("put", "x", "--file", "y")]
    [InlineData("put", "x", "y")]
    [InlineData("put", "x", "--bencoded")]
    [InlineData("put", "x", "--salt", "s")]
    [InlineData("put", "x", "--sequence", "1")]
    [InlineData("put", "x", "--cas", "1")]
    [InlineData("put", "x", "--key", "k", "--sequence", "-1")]
    [InlineData("put", "x", "--key", "k", "--cas", "some")]
    [InlineData("put", "x", "--key", "k", "--salt", "a salt that is one byte longer than sixty-four bytes, which is all")]
    [InlineData("get")]
    [InlineData("get", "abc")]
    [InlineData("get", Key + "0")]
    public async Task RefusesWrongUsage(params string[] args)
    {
        Assert.Equal(2, await RunAsync([.. args, "--json"]));
        Assert.Contains("""{"event":"error","code":""", Output, StringComparison.Ordinal);
        Assert.StartsWith("shoal: ", _error.ToString(), StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(_folder, "k")));
    }

    [Fact]
    public async Task SaysWhichCommandThereIsNot()
    {
        await RunAsync("frobnicate");

        Assert.Equal("shoal: There is no command 'dht frobnicate'. Type 'shoal dht --help' for what there is.\n", _error.ToString());
    }

    [Fact]
    public async Task AsksWithoutAnswering_WhenNobodyHoldsTheStore()
    {
        await RunAsync("--bootstrap", "a:1");

        Assert.Equal((true, false, false, false), (_options!.ReadOnlyDht, _options.Upload, _options.Announces, _options.Offline));
        Assert.Equal(["a:1"], Assert.IsType<DhtStatusRequest>(Assert.Single(_commands!.Requests)).Bootstrap);
    }

    [Theory]
    [InlineData(Key)]
    [InlineData(Id)]
    [InlineData(Link)]
    [InlineData("magnet:?xt=urn:btih:" + Key)]
    public async Task LooksUpWhatAnIdStandsFor(string id)
    {
        await RunAsync("lookup", id, "--timeout", "2.5");

        var request = Assert.IsType<DhtLookupRequest>(Assert.Single(_commands!.Requests));
        Assert.Equal((Key, 2.5), (request.Key, request.Timeout));
    }

    [Theory]
    [InlineData("Hello", "5:Hello")]
    [InlineData("", "0:")]
    [InlineData("é", "2:é")]
    public async Task PutsTextAsAString(string text, string bencoded)
    {
        await RunAsync("put", text);

        var request = Assert.IsType<DhtPutRequest>(Assert.Single(_commands!.Requests));
        Assert.Equal(bencoded, Encoding.UTF8.GetString(request.Value));
        Assert.Null(request.PublicKey);
    }

    [Fact]
    public async Task PutsWhatIsBencodedAsItIs()
    {
        await RunAsync("put", "li1ei2ee", "--bencoded");

        Assert.Equal("li1ei2ee", Encoding.UTF8.GetString(((DhtPutRequest)_commands!.Requests[0]).Value));
    }

    [Fact]
    public async Task PutsBytesOfAFileAndOfStandardInput()
    {
        File.WriteAllBytes(Path.Combine(_folder, "f"), [0, 255]);
        await RunAsync("put", "--file", "f");
        Assert.Equal([(byte)'2', (byte)':', 0, 255], ((DhtPutRequest)_commands!.Requests[0]).Value);

        _input = [1];
        await RunAsync("put", "--file", "-");
        Assert.Equal([(byte)'1', (byte)':', 1], ((DhtPutRequest)_commands.Requests[0]).Value);
    }

    [Fact]
    public async Task RefusesToPut_WhatIsTooLarge()
    {
        _input = new byte[997];

        Assert.Equal(1, await RunAsync("put", "--file", "-", "--json"));
        Assert.Contains("\"code\":\"too-large\"", Output, StringComparison.Ordinal);
        Assert.Empty(_commands!.Requests);
    }

    [Fact]
    public async Task SignsHere_AndKeepsTheKey()
    {
        Assert.Equal(0, await RunAsync("put", "x", "--key", "k", "--salt", "s", "--sequence", "7", "--cas", "6", "--json"));

        var seed = File.ReadAllText(Path.Combine(_folder, "k")).Trim();
        var key = new ItemKey(Convert.FromHexString(seed));
        var request = Assert.IsType<DhtPutRequest>(Assert.Single(_commands!.Requests));
        Assert.Equal((7, 6, false), (request.Sequence, request.Cas, request.IsNext));
        Assert.True(DhtItem.TryCreate(request.PublicKey, request.Value, 7, "s"u8, request.Signature, out var item));
        Assert.True(item.PublicKey.Span.SequenceEqual(key.PublicKey.Span));
        Assert.Contains("\"code\":\"key-made\"", Output, StringComparison.Ordinal);
        if (!OperatingSystem.IsWindows()) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(_folder, "k")));
    }

    [Fact]
    public async Task TakesTheKeyThatIsThere()
    {
        File.WriteAllText(Path.Combine(_folder, "k"), Id + "\n");

        await RunAsync("put", "x", "--key", "k", "--sequence", "1");

        Assert.Equal(new ItemKey(Convert.FromHexString(Id)).PublicKey.ToArray(), ((DhtPutRequest)_commands!.Requests[0]).PublicKey);
    }

    [Fact]
    public async Task RefusesAFileThatHoldsNoKey()
    {
        File.WriteAllText(Path.Combine(_folder, "k"), "secret");

        Assert.Equal(2, await RunAsync("put", "x", "--key", "k"));
        Assert.Equal("secret", File.ReadAllText(Path.Combine(_folder, "k")));
    }

    [Fact]
    public async Task ChoosesTheNextSequenceNumber()
    {
        _script = (request, report, _) =>
        {
            if (request is DhtGetRequest) report(new ValueEvent(Key, "x", "313a78", Id, 41, 8, 0));
            return Task.FromResult(ExitCode.Done);
        };

        Assert.Equal(0, await RunAsync("put", "x", "--key", "k", "--salt", "s", "--json"));

        var (get, put) = ((DhtGetRequest)_commands!.Requests[0], (DhtPutRequest)_commands.Requests[1]);
        Assert.Equal((DhtItem.TargetOf(put.PublicKey, "s"u8).ToString(), true), (get.Target, get.Once));
        Assert.Equal((42, true), (put.Sequence, put.IsNext));
        Assert.DoesNotContain("\"event\":\"value\"", Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("not-found", 2)]
    [InlineData("no-contact", 1)]
    public async Task BeginsWithOne_UnlessNobodyCouldBeAsked(string code, int requests)
    {
        _script = (request, report, _) =>
        {
            if (request is not DhtGetRequest) return Task.FromResult(ExitCode.Done);

            report(new ErrorEvent(code, "m"));
            return Task.FromResult(ExitCode.NobodyHasIt);
        };

        Assert.Equal(requests == 2 ? 0 : 3, await RunAsync("put", "x", "--key", "k"));
        Assert.Equal(requests, _commands!.Requests.Count);
        if (requests == 2) Assert.Equal(1, ((DhtPutRequest)_commands.Requests[1]).Sequence);
    }

    [Fact]
    public async Task GetsByTheKeyOfThePublisher()
    {
        await RunAsync("get", Id, "--salt", "s");

        var request = Assert.IsType<DhtGetRequest>(Assert.Single(_commands!.Requests));
        Assert.Equal(DhtItem.TargetOf(Convert.FromHexString(Id), "s"u8).ToString(), request.Target);
        Assert.Equal("s"u8, request.Salt!);
    }

    [Fact]
    public async Task WritesAValueAsItIs_WhenRedirected()
    {
        _script = Reports(new ValueEvent(Key, null, "333aff0041", null, null, 8, 0.1));

        await RunAsync("get", Key);

        Assert.Equal([0xff, 0x00, 0x41], _written.ToArray());
    }

    [Fact]
    public async Task WritesAValueToAFile()
    {
        _script = Reports(new ValueEvent(Key, null, "69343265", null, null, 8, 0.1));

        await RunAsync("get", Key, "-o", "out");

        Assert.Equal("i42e", File.ReadAllText(Path.Combine(_folder, "out")));
        Assert.Equal("Written: out  4 B\n8 copies, found in 100 ms; never to be replaced\n", Output);
    }

    [Fact]
    public async Task PrintsTheTargetAlone_WhenQuiet()
    {
        _script = Reports(new StoredEvent(Key, 8, 0, null, null, null, 0.1));

        await RunAsync("put", "x", "--quiet");

        Assert.Equal(Key + "\n", Output);
    }

    private static Script Reports(params ShoalEvent[] events) => (_, report, _) =>
    {
        foreach (var e in events) report(e);
        return Task.FromResult(ExitCode.Done);
    };

    private Task<int> RunAsync(params string[] args)
    {
        var output = new StreamWriter(_written, new UTF8Encoding(false)) { AutoFlush = true, NewLine = "\n" };
        var shell = new Shell(Screen.Plain(output, _error), _stop, TimeProvider.System, _folder, name => name == "XDG_DATA_HOME" ? Path.Combine(_folder, "data") : null)
        {
            Age = () => TimeSpan.Zero,
            Input = () => new MemoryStream(_input),
            Door = (options, _) =>
            {
                _options = options;
                return new ScriptedDoor(new ScriptedDoor.Answer(_commands = new ScriptedCommands(_script)));
            },
        };
        return new App(shell).RunAsync(["dht", .. args]);
    }
}
