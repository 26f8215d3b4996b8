using Shoal.Core;
using Shoal.Http.Control;
using Shoal.Node;
using Shoal.Node.Commands;
using Shoal.Node.Events;

namespace Shoal.Cli.Hosting;

internal delegate Task<ExitCode> StoreVerb(IShoalCommands commands, Action<ShoalEvent> report, CancellationToken ct);

/// <summary>
/// Runs one command on a store, whoever holds it: this process if the store is free, else through the control socket of the holder. If that one goes
/// away midway this process takes the store over and goes on; what had been reported is not reported again.
/// </summary>
/// <param name="needsNetwork">Whether it matters where the holder listens.</param>
internal sealed class StoreSession(IStoreDoor door, TimeProvider clock, bool needsNetwork = true)
{
    private const int MaxSilence = 100; // attempts in a row with nobody answering; a holder that starts or stops is silent for a moment
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly HashSet<Hash256> _reported = [], _reportedBefore = [];
    private bool _waiting;

    public async Task<ExitCode> RunAsync(StoreVerb verb, Action<ShoalEvent> report, CancellationToken ct)
    {
        for (var silence = 0; silence < MaxSilence; silence++)
        {
            if (await door.TryHoldAsync(ct) is { } own)
            {
                await using (own) return await RunAsync(own, verb, report, ct);
            }

            try
            {
                await using var other = await door.ConnectAsync(ct);
                silence = 0;
                return await RunAsync(other, verb, report, ct);
            }
            catch (ControlException e)
            {
                if (e.Failure == ControlFailure.Busy) TellWaiting(report);
            }

            await Task.Delay(Pause, clock, ct);
        }

        throw InUse("does not answer");
    }

    /// <summary>Holds the store until cancelled, or refuses if somebody is on the network with it.</summary>
    public async Task<ExitCode> HoldAsync(Action<ShoalEvent> report, CancellationToken ct)
    {
        for (var silence = 0; silence < MaxSilence; silence++)
        {
            if (await door.TryHoldAsync(ct) is { } own)
            {
                await using (own)
                {
                    return await RunAsync(own, UntilCancelledAsync, report, ct);
                }
            }

            try
            {
                await using var other = await door.ConnectAsync(ct);
                if (other.IsOnline) throw InUse("is running on it already, and does all that a node does: share and get act through it");
                TellWaiting(report);
                silence = 0;
            }
            catch (ControlException)
            {
                // it is starting or stopping
            }

            await Task.Delay(Pause, clock, ct);
        }

        throw InUse("does not answer");
    }

    private static async Task<ExitCode> UntilCancelledAsync(IShoalCommands commands, Action<ShoalEvent> report, CancellationToken ct)
    {
        var cancelled = new TaskCompletionSource<ExitCode>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = ct.Register(() => cancelled.TrySetResult(ExitCode.Done));
        return await cancelled.Task;
    }

    private async Task<ExitCode> RunAsync(IHolder holder, StoreVerb verb, Action<ShoalEvent> report, CancellationToken ct)
    {
        _reportedBefore.UnionWith(_reported);
        if (needsNetwork && holder.IsOnline) report(holder.Commands.Listening);
        if (holder.Warning is { } warning) ReportOnce(new WarningEvent("holder", warning), report);
        return await verb(holder.Commands, e => ReportOnce(e, report), ct);
    }

    private void ReportOnce(ShoalEvent e, Action<ShoalEvent> report)
    {
        if (e is SharedEvent or MetadataEvent or ItemEvent or FoundPeerEvent or ContactEvent or VerifiedEvent or EvictedEvent or RepairedEvent or WarningEvent)
        {
            var line = EventLine.Digest(e);
            if (_reportedBefore.Contains(line)) return;

            _reported.Add(line);
        }

        report(e);
    }

    private void TellWaiting(Action<ShoalEvent> report)
    {
        if (_waiting) return;

        _waiting = true;
        report(new WarningEvent("waiting", "Another command is using this store; waiting for it to finish."));
    }

    private static ShoalException InUse(string how) =>
        new("store-in-use", $"The store is held by another process, which {how}. Stop that one, or use another store with --store.");
}
