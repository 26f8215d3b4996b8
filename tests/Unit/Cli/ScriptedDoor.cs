using Shoal.Cli.Hosting;
using Shoal.Node.Commands;

namespace Shoal.Unit.Cli;

/// <summary>A store whose holder changes as the test says: each attempt takes the next answer, the last one again and again.</summary>
internal sealed class ScriptedDoor(params ScriptedDoor.Answer[] answers) : IStoreDoor
{
    private int _next;

    public List<string> Log { get; } = [];

    public Task<IHolder?> TryHoldAsync(CancellationToken ct)
    {
        var answer = answers[Math.Min(_next++, answers.Length - 1)];
        Log.Add(answer.Own is null ? "in use" : "held");
        return Task.FromResult<IHolder?>(answer.Own is null ? null : new Holder(answer.Own, true, this));
    }

    public Task<IHolder> ConnectAsync(CancellationToken ct)
    {
        var answer = answers[Math.Min(_next - 1, answers.Length - 1)];
        if (answer.Other is null) throw new Shoal.Http.Control.ControlException(Shoal.Http.Control.ControlFailure.Gone, "silent");

        Log.Add("connected");
        return Task.FromResult<IHolder>(new Holder(answer.Other, answer.IsOnline, this));
    }

    public sealed record Answer(IShoalCommands? Own, IShoalCommands? Other = null, bool IsOnline = true);

    private sealed class Holder(IShoalCommands commands, bool isOnline, ScriptedDoor door) : IHolder
    {
        public IShoalCommands Commands => commands;

        public bool IsOnline => isOnline;

        public string? Warning => null;

        public ValueTask DisposeAsync()
        {
            door.Log.Add("left");
            return ValueTask.CompletedTask;
        }
    }
}
