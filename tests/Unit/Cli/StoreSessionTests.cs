using Microsoft.Extensions.Time.Testing;
using Shoal.Cli.Hosting;
using Shoal.Http.Control;
using Shoal.Node;
using Shoal.Node.Commands;
using Shoal.Node.Events;
using Shoal.Unit.Http;
using Xunit;

namespace Shoal.Unit.Cli;

public sealed class StoreSessionTests
{
    private static readonly ItemEvent First = new("torrent", "1", "a", 1, 1), Second = new("torrent", "2", "b", 1, 1);

    private readonly FakeTimeProvider _clock = new() { AutoAdvanceAmount = TimeSpan.Zero };
    private readonly List<ShoalEvent> _seen = [];

    [Fact]
    public async Task HoldsTheStore_WhenItIsFree()
    {
        var door = new ScriptedDoor(new ScriptedDoor.Answer(Commands(ExitCode.Done, First)));

        var code = await RunAsync(door);

        Assert.Equal(ExitCode.Done, code);
        Assert.Equal(["held", "left"], door.Log);
        Assert.Equal([typeof(ListeningEvent), typeof(ItemEvent)], _seen.Select(e => e.GetType()));
    }

    [Fact]
    public async Task ActsThroughTheHolder_WhenItIsNot()
    {
        var door = new ScriptedDoor(new ScriptedDoor.Answer(null, Commands(ExitCode.NobodyHasIt, First)));

        var code = await RunAsync(door);

        Assert.Equal(ExitCode.NobodyHasIt, code);
        Assert.Equal(["in use", "connected", "left"], door.Log);
    }

    [Fact]
    public async Task TakesOver_WhenTheHolderGoesAwayMidway()
    {
        var door = new ScriptedDoor(new ScriptedDoor.Answer(null, Leaving(ControlFailure.Gone, First)), new ScriptedDoor.Answer(Commands(ExitCode.Done, First, Second)));

        var code = await RunAsync(door);

        Assert.Equal(ExitCode.Done, code);
        Assert.Equal(["in use", "connected", "left", "held", "left"], door.Log);
        Assert.Equal([First, Second], _seen.OfType<ItemEvent>());
    }

    [Fact]
    public async Task RepeatsEqualEvents_WhenTheyAreOfOneRun()
    {
        var door = new ScriptedDoor(new ScriptedDoor.Answer(Commands(ExitCode.Done, First, First)));

        await RunAsync(door);

        Assert.Equal([First, First], _seen.OfType<ItemEvent>());
    }

    [Fact]
    public async Task WaitsForAHolderThatCannot()
    {
        var door = new ScriptedDoor(
            new ScriptedDoor.Answer(null, Leaving(ControlFailure.Busy), IsOnline: false),
            new ScriptedDoor.Answer(null, Leaving(ControlFailure.Busy), IsOnline: false),
            new ScriptedDoor.Answer(Commands(ExitCode.Done)));

        var code = await RunAsync(door);

        Assert.Equal(ExitCode.Done, code);
        Assert.Equal("waiting", Assert.Single(_seen.OfType<WarningEvent>()).Code);
    }

    [Fact]
    public async Task GivesUp_WhenTheHolderIsSilent()
    {
        var door = new ScriptedDoor(new ScriptedDoor.Answer(null));

        var failure = await Assert.ThrowsAsync<ShoalException>(() => RunAsync(door));

        Assert.Equal("store-in-use", failure.Code);
        Assert.InRange(door.Log.Count, 10, 200);
    }

    [Fact]
    public async Task RefusesASecondNode()
    {
        var door = new ScriptedDoor(new ScriptedDoor.Answer(null, Commands(ExitCode.Done)));

        var failure = await Assert.ThrowsAsync<ShoalException>(() => DriveAsync(new StoreSession(door, _clock).HoldAsync(_seen.Add, default)));

        Assert.Equal("store-in-use", failure.Code);
        Assert.Empty(_seen);
    }

    [Fact]
    public async Task HoldsUntilCancelled_WhenItIsANode()
    {
        using var stop = new CancellationTokenSource();
        var door = new ScriptedDoor(new ScriptedDoor.Answer(Commands(ExitCode.Failed)));
        var holding = new StoreSession(door, _clock).HoldAsync(_seen.Add, stop.Token);

        await stop.CancelAsync();

        Assert.Equal(ExitCode.Done, await holding);
        Assert.IsType<ListeningEvent>(Assert.Single(_seen));
        Assert.Equal(["held", "left"], door.Log);
    }

    private Task<ExitCode> RunAsync(ScriptedDoor door) =>
        DriveAsync(new StoreSession(door, _clock).RunAsync((commands, report, ct) => commands.ListAsync(new ListRequest(false, false), report, ct), _seen.Add, default));

    private async Task<ExitCode> DriveAsync(Task<ExitCode> running)
    {
        while (!running.IsCompleted)
        {
            _clock.Advance(TimeSpan.FromMilliseconds(100));
            await Task.Yield();
        }

        return await running;
    }

    private static ScriptedCommands Commands(ExitCode code, params ShoalEvent[] events) => new((_, report, _) =>
    {
        foreach (var e in events) report(e);
        return Task.FromResult(code);
    });

    private static ScriptedCommands Leaving(ControlFailure failure, params ShoalEvent[] events) => new((_, report, _) =>
    {
        foreach (var e in events) report(e);
        throw new ControlException(failure, "left");
    });
}
