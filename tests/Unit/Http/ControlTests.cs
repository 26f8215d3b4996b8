using System.Diagnostics;
using Shoal.Http.Control;
using Shoal.Node;
using Shoal.Node.Commands;
using Shoal.Node.Events;
using Xunit;

namespace Shoal.Unit.Http;

public sealed class ControlTests : IDisposable
{
    private static readonly ControlScope Everything = new(true, true);

    private readonly string _folder = Directory.CreateTempSubdirectory("shoal-").FullName;

    private string Socket => Path.Combine(_folder, "c.sock");

    public void Dispose() => Directory.Delete(_folder, true);

    [Fact]
    public async Task StreamsEventsInOrderAndEndsWithTheCode()
    {
        var holder = new ScriptedCommands((_, report, _) =>
        {
            for (var i = 0; i < 1000; i++) report(new ItemEvent("file", $"{i}", "näme 🐟", i, i));
            return Task.FromResult(ExitCode.Corrupt);
        });
        await using var server = await ControlServer.StartAsync(holder, Everything, Socket);
        using var client = await ControlClient.ConnectAsync([Socket]);
        List<ShoalEvent> seen = [];

        var code = await client.ListAsync(new ListRequest(true, false), seen.Add, default);

        Assert.Equal(ExitCode.Corrupt, code);
        Assert.Equal(Enumerable.Range(0, 1000).Select(i => new ItemEvent("file", $"{i}", "näme 🐟", i, i)), seen);
        Assert.Equal(new ListRequest(true, false), Assert.Single(holder.Requests));
    }

    [Fact]
    public async Task DeliversAnEventWhileTheVerbStillRuns()
    {
        var seen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var holder = new ScriptedCommands(async (_, report, _) =>
        {
            report(new WarningEvent("w", "first"));
            await seen.Task;
            return ExitCode.Done;
        });
        await using var server = await ControlServer.StartAsync(holder, Everything, Socket);
        using var client = await ControlClient.ConnectAsync([Socket]);

        var code = await client.VerifyAsync(new VerifyRequest(null), _ => seen.SetResult(), default).WaitAsync(TimeSpan.FromSeconds(30));

        Assert.Equal(ExitCode.Done, code);
    }

    [Fact]
    public async Task CarriesRequestsWhole()
    {
        var holder = new ScriptedCommands((_, _, _) => Task.FromResult(ExitCode.Done));
        await using var server = await ControlServer.StartAsync(holder, Everything, Socket);
        using var client = await ControlClient.ConnectAsync([Socket]);

        await client.GetAsync(new GetRequest("magnet:?x", "/d") { Torrent = [1, 2], Overwrite = true, Timeout = 2.5, Peers = ["1.2.3.4:5"] }, _ => { }, default);
        await client.ShareAsync([new ShareRequest("/a") { Name = "n", PieceLength = 65536 }, new ShareRequest("/b")], _ => { }, default);

        var get = Assert.IsType<GetRequest>(holder.Requests[0]);
        Assert.Equal(("magnet:?x", "/d", true, 2.5, "1.2.3.4:5"), (get.Link, get.Folder, get.Overwrite, get.Timeout, get.Peers[0]));
        Assert.Equal([1, 2], get.Torrent);
        var share = Assert.IsType<IReadOnlyList<ShareRequest>>(holder.Requests[1], exactMatch: false);
        Assert.Equal([("/a", "n", 65536), ("/b", null, null)], share.Select(s => (s.Path, s.Name, s.PieceLength)));
    }

    [Fact]
    public async Task LeavesOutWhatWasNotGiven()
    {
        var holder = new ScriptedCommands((_, _, _) => Task.FromResult(ExitCode.Done));
        await using var server = await ControlServer.StartAsync(holder, Everything, Socket);
        using var client = await ControlClient.ConnectAsync([Socket]);

        await client.GetAsync(new GetRequest("magnet:?x", "/d"), _ => { }, default);

        var get = Assert.IsType<GetRequest>(holder.Requests[0]);
        Assert.Null(get.Torrent);
        Assert.Null(get.Timeout);
        Assert.Empty(get.Peers);
        Assert.Empty(get.Bootstrap);
    }

    [Fact]
    public async Task CarriesLimits_ToWhoIsOnTheNetworkAlone()
    {
        var limits = new LimitEvent("aa", "n", 1, 2);
        var holder = new ScriptedCommands((_, report, _) =>
        {
            report(limits);
            return Task.FromResult(ExitCode.Done);
        });
        List<ShoalEvent> seen = [];
        await using (await ControlServer.StartAsync(holder, new ControlScope(Fetches: true, Serves: false), Socket))
        {
            using var client = await ControlClient.ConnectAsync([Socket]);
            await client.LimitAsync(new LimitRequest("aa", null, 2), seen.Add, default);
        }

        Assert.Equal([new LimitRequest("aa", null, 2)], holder.Requests);
        Assert.Equal([limits], seen);
        await using var offline = await ControlServer.StartAsync(holder, new ControlScope(Fetches: false, Serves: false), Socket);
        using var waiting = await ControlClient.ConnectAsync([Socket]);
        var refused = await Assert.ThrowsAsync<ControlException>(() => waiting.LimitAsync(new LimitRequest(null, null, null), seen.Add, default));
        Assert.Equal(ControlFailure.Busy, refused.Failure);
    }

    [Fact]
    public async Task CarriesHowTorrentsStand()
    {
        var status = new StatusEvent("aa", "n", "downloading", 1, 2, 3, 4, 5, 6, 7, 8, 9, new PiecesItem(2, 1, 1, [0, 1], [new(0.5, 1)]), [], 1, 2, 3, 4, 5, 6, 7, 8, 9, "goes", "It goes.");
        var why = new WhyEvent("aa", null, "all-choke-us", "They do.", 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
        var holder = new ScriptedCommands((request, report, _) =>
        {
            report(request is WhyRequest ? why : status);
            return Task.FromResult(ExitCode.Done);
        });
        await using var server = await ControlServer.StartAsync(holder, new ControlScope(Fetches: false, Serves: false), Socket);
        using var client = await ControlClient.ConnectAsync([Socket]);
        List<ShoalEvent> seen = [];

        await client.StatusAsync(new StatusRequest(null), seen.Add, default);
        await client.WhyAsync(new WhyRequest("aa"), seen.Add, default);

        Assert.Equal([new StatusRequest(null), new WhyRequest("aa")], holder.Requests);
        Assert.Equal(new StretchItem(0.5, 1), Assert.IsType<StatusEvent>(seen[0]).Pieces.Strip.Single());
        Assert.Equal(why, seen[1]);
    }

    [Fact]
    public async Task CarriesTheVerbsOfTheDht()
    {
        var holder = new ScriptedCommands((_, report, _) =>
        {
            report(new StoredEvent("aa", 8, 0, null, null, null, 0.1));
            return Task.FromResult(ExitCode.NobodyHasIt);
        });
        await using var server = await ControlServer.StartAsync(holder, Everything, Socket);
        using var client = await ControlClient.ConnectAsync([Socket]);
        List<ShoalEvent> seen = [];

        await client.DhtStatusAsync(new DhtStatusRequest { Bootstrap = ["a:1"] }, seen.Add, default);
        await client.DhtLookupAsync(new DhtLookupRequest("aa") { Timeout = 2.5 }, seen.Add, default);
        await client.DhtPingAsync(new DhtPingRequest("b:2"), seen.Add, default);
        await client.DhtPutAsync(new DhtPutRequest([1]), seen.Add, default);
        await client.DhtPutAsync(new DhtPutRequest([1]) { PublicKey = [2], Salt = [3], Sequence = 4, Signature = [5], Cas = 6 }, seen.Add, default);
        var code = await client.DhtGetAsync(new DhtGetRequest("cc") { Salt = [7], Once = true }, seen.Add, default);

        Assert.Equal(ExitCode.NobodyHasIt, code);
        Assert.Equal(Enumerable.Repeat(new StoredEvent("aa", 8, 0, null, null, null, 0.1), 6), seen);
        Assert.Equal(["a:1"], Assert.IsType<DhtStatusRequest>(holder.Requests[0]).Bootstrap);
        Assert.Equal(("aa", 2.5), (Assert.IsType<DhtLookupRequest>(holder.Requests[1]).Key, ((DhtLookupRequest)holder.Requests[1]).Timeout));
        Assert.Equal("b:2", Assert.IsType<DhtPingRequest>(holder.Requests[2]).Address);
        var (plain, signed) = ((DhtPutRequest)holder.Requests[3], (DhtPutRequest)holder.Requests[4]);
        Assert.Equal((null, null, null, null), (plain.PublicKey, plain.Salt, plain.Signature, plain.Cas));
        Assert.Equal([1, 2, 3, 5], (byte[])[.. signed.Value, .. signed.PublicKey!, .. signed.Salt!, .. signed.Signature!]);
        Assert.Equal((4, 6), (signed.Sequence, signed.Cas));
        var get = Assert.IsType<DhtGetRequest>(holder.Requests[5]);
        Assert.Equal(("cc", 7, true), (get.Target, get.Salt![0], get.Once));
    }

    [Fact]
    public async Task TellsWhereTheHolderListens()
    {
        var holder = new ScriptedCommands((_, _, _) => Task.FromResult(ExitCode.Done));
        await using var server = await ControlServer.StartAsync(holder, Everything, Socket);

        using var client = await ControlClient.ConnectAsync([Path.Combine(_folder, "absent.sock"), Socket]);

        Assert.True(client.IsOnline);
        Assert.Equal("127.0.0.2:9000", client.Listening.Tcp);
        Assert.Equal(["127.0.0.2"], client.Listening.Addresses);
    }

    [Fact]
    public async Task CancelsTheVerb_WhenTheClientCancels()
    {
        var cancelled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var cancel = new CancellationTokenSource();
        var holder = new ScriptedCommands(async (_, report, ct) =>
        {
            report(new WarningEvent("w", "running"));
            await using var registration = ct.Register(() => cancelled.TrySetResult());
            await cancelled.Task;
            return ExitCode.Interrupted;
        });
        await using var server = await ControlServer.StartAsync(holder, Everything, Socket);
        using var client = await ControlClient.ConnectAsync([Socket]);

        var code = await client.GetAsync(new GetRequest("l", "/"), _ => cancel.Cancel(), cancel.Token);

        Assert.Equal(ExitCode.Interrupted, code);
        await cancelled.Task.WaitAsync(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task SaysGone_WhenTheHolderStopsMidway()
    {
        var running = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var holder = new ScriptedCommands(async (_, report, ct) =>
        {
            report(new WarningEvent("w", "running"));
            await Task.Delay(Timeout.Infinite, ct);
            return ExitCode.Done;
        });
        var server = await ControlServer.StartAsync(holder, Everything, Socket);
        using var client = await ControlClient.ConnectAsync([Socket]);
        var get = client.GetAsync(new GetRequest("l", "/"), _ => running.SetResult(), default);
        await running.Task;

        await server.DisposeAsync();

        var gone = await Assert.ThrowsAsync<ControlException>(() => get.WaitAsync(TimeSpan.FromSeconds(30)));
        Assert.Equal(ControlFailure.Gone, gone.Failure);
        Assert.False(File.Exists(Socket));
    }

    [Fact]
    public async Task SaysGone_WhenNobodyIsThere()
    {
        File.WriteAllText(Socket, "");

        var gone = await Assert.ThrowsAsync<ControlException>(() => ControlClient.ConnectAsync([Socket]));

        Assert.Equal(ControlFailure.Gone, gone.Failure);
    }

    [Fact]
    public async Task TakesThePlaceOfADeadSocket()
    {
        File.WriteAllText(Socket, "");
        var holder = new ScriptedCommands((_, _, _) => Task.FromResult(ExitCode.Done));

        await using var server = await ControlServer.StartAsync(holder, Everything, Socket);

        using var client = await ControlClient.ConnectAsync([Socket]);
        Assert.True(client.IsOnline);
    }

    [Fact]
    public async Task SaysBusy_WhenTheHolderIsOffline()
    {
        var holder = new ScriptedCommands((_, _, _) => Task.FromResult(ExitCode.Done));
        await using var server = await ControlServer.StartAsync(holder, new ControlScope(false, false), Socket);
        using var client = await ControlClient.ConnectAsync([Socket]);

        var busy = await Assert.ThrowsAsync<ControlException>(() => client.GetAsync(new GetRequest("l", "/"), _ => { }, default));

        Assert.False(client.IsOnline);
        Assert.Equal(ControlFailure.Busy, busy.Failure);
        Assert.Equal(ExitCode.Done, await client.ListAsync(new ListRequest(false, false), _ => { }, default));
    }

    [Fact]
    public async Task TurnsAFailureIntoAnErrorEvent()
    {
        var holder = new ScriptedCommands((_, _, _) => throw new ShoalException("disk-full", "The disk is full."));
        await using var server = await ControlServer.StartAsync(holder, Everything, Socket);
        using var client = await ControlClient.ConnectAsync([Socket]);
        List<ShoalEvent> seen = [];

        var code = await client.GetAsync(new GetRequest("l", "/"), seen.Add, default);

        Assert.Equal(ExitCode.Failed, code);
        Assert.Equal([new ErrorEvent("disk-full", "The disk is full.")], seen);
    }

    [Fact]
    public void PutsTheSocketInTheRuntimeFolder()
    {
        var paths = ControlSocket.Candidates("/data/store/", name => name == "XDG_RUNTIME_DIR" ? _folder : null, "/tmp");

        Assert.Equal(Path.Combine(_folder, "shoal"), Path.GetDirectoryName(paths[0]));
        Assert.Matches("^[0-9a-f]{16}\\.sock$", Path.GetFileName(paths[0]));
        Assert.Equal(paths, ControlSocket.Candidates("/data/store", name => name == "XDG_RUNTIME_DIR" ? _folder : null, "/tmp"));
    }

    [Fact]
    public void PutsTheSocketInTheTempFolder_WhenThePathWouldBeTooLong()
    {
        var deep = Directory.CreateDirectory(Path.Combine(_folder, new string('x', 100))).FullName;

        var paths = ControlSocket.Candidates("/data/store", name => name == "XDG_RUNTIME_DIR" ? deep : null, deep);

        Assert.StartsWith("/tmp/shoal-", Assert.Single(paths), StringComparison.Ordinal);
    }

    [Fact]
    public void RefusesAFolderThatOthersCanEnter()
    {
        if (OperatingSystem.IsWindows()) return;

        var open = Directory.CreateDirectory(Path.Combine(_folder, "open"), (UnixFileMode)0b111_101_101).FullName;
        var elsewhere = Path.Combine(_folder, "link");
        Directory.CreateSymbolicLink(elsewhere, Directory.CreateDirectory(Path.Combine(_folder, "real"), (UnixFileMode)0b111_000_000).FullName);

        Assert.Equal("control-folder", Assert.Throws<ShoalException>(() => ControlSocket.EnsurePrivate(open)).Code);
        Assert.Equal("control-folder", Assert.Throws<ShoalException>(() => ControlSocket.EnsurePrivate(elsewhere)).Code);
        ControlSocket.EnsurePrivate(Path.Combine(_folder, "new"));
        ControlSocket.EnsurePrivate(Path.Combine(_folder, "new"));
    }
}
