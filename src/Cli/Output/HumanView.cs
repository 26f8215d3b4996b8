using Shoal.Cli.Arguments;
using Shoal.Node.Commands;
using Shoal.Node.Events;
using Spectre.Console;

namespace Shoal.Cli.Output;

/// <summary>For people: what stays is written line by line; what changes is drawn beneath it where the terminal allows, and told now and then where not.</summary>
internal sealed class HumanView(Screen screen, bool quiet, bool verbose, TimeProvider clock) : IView
{
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(125);

    private readonly Lock _line = new();
    private readonly Pages _pages = new(screen.Console);
    private readonly DhtPages _dht = new(screen.Console);
    private readonly StandingPages _standing = new(screen.Console);
    private readonly LiveScene _scene = new(clock);
    private readonly Milestones _milestones = new();
    private readonly List<ItemEvent> _items = [];
    private readonly List<FoundPeerEvent> _found = [];
    private readonly List<VerifiedEvent> _verified = [];
    private readonly List<UsageEvent> _usage = [];
    private readonly List<ContactEvent> _contacts = [];
    private readonly List<string> _last = [];
    private LookupEvent? _lookup;

    /// <summary>What the command does, for one to which it does not matter where the node listens; else null.</summary>
    public string? Doing { get; init; }

    public async Task<ExitCode> RunAsync(Func<Action<ShoalEvent>, Task<ExitCode>> command)
    {
        var code = screen.IsLive && !quiet ? await RunLiveAsync(command) : await command(Report);
        if (_items.Count > 0) _pages.Items(_items);
        if (_lookup is { } lookup) _dht.Lookup(lookup, _contacts, _found);
        else if (_found.Count > 0) _pages.Found(_found);
        if (_verified.Count > 0) _pages.Verified(_verified);
        if (_usage.Count > 0) _pages.Usage(_usage);
        foreach (var sentence in _last) screen.Error.Write(sentence);
        return code;
    }

    private Task<ExitCode> RunLiveAsync(Func<Action<ShoalEvent>, Task<ExitCode>> command)
    {
        var live = screen.Console.Live(_scene).AutoClear(true).Overflow(VerticalOverflow.Crop).Cropping(VerticalOverflowCropping.Bottom);
        return live.StartAsync(async context =>
        {
            await using var beat = clock.CreateTimer(_ => context.Refresh(), null, TimeSpan.Zero, Beat);
            var code = await command(e =>
            {
                Report(e);
                context.Refresh();
            });
            _scene.Clear();
            return code;
        });
    }

    private void Report(ShoalEvent e)
    {
        lock (_line)
        {
            if (e is ListeningEvent && Doing is not null) _scene.Do(Doing);
            else _scene.See(e);
            if (quiet) ReportResult(e);
            else ReportAll(e);
        }
    }

    private void ReportResult(ShoalEvent e)
    {
        switch (e)
        {
            case SharedEvent shared:
                _pages.Raw(shared.Link);
                break;
            case DoneEvent done:
                _pages.Raw(Safe.Text(done.Path));
                break;
            case StoredEvent stored:
                _pages.Raw(stored.Target);
                break;
            case ValueEvent value when screen.IsTerminal:
                _dht.Content(value);
                break;
            case WarningEvent or HashingEvent or ProgressEvent or MetadataEvent or ListeningEvent or AnnouncedEvent or FindableEvent or ServingEvent:
                break;
            default:
                ReportAll(e);
                break;
        }
    }

    private void ReportAll(ShoalEvent e)
    {
        switch (e)
        {
            case ListeningEvent listening when Doing is null:
                _pages.Listening(listening);
                break;
            case SharedEvent shared:
                _pages.Shared(shared);
                break;
            case AnnouncedEvent announced when verbose:
                _pages.Announced(announced);
                break;
            case FindableEvent findable when verbose || !findable.Found:
                _pages.Findable(findable);
                break;
            case DhtStatusEvent status:
                _dht.Status(status, contacts: verbose);
                break;
            case StatusEvent status:
                _standing.Status(status, verbose);
                break;
            case WhyEvent why:
                _standing.Why(why, verbose);
                break;
            case LimitEvent limit:
                _standing.Limits(limit);
                break;
            case ContactEvent contact:
                _contacts.Add(contact);
                break;
            case LookupEvent lookup:
                _lookup = lookup;
                break;
            case PongEvent pong:
                _dht.Pong(pong);
                break;
            case StoredEvent stored:
                _dht.Stored(stored);
                break;
            case ValueEvent value when screen.IsTerminal:
                _dht.Value(value);
                break;
            case ValueEvent value:
                screen.Write(output => output.Write(ItemValue.Content(value)));
                break;
            case MetadataEvent metadata:
                _pages.Metadata(metadata, verbose);
                break;
            case LinkEvent link:
                _pages.Link(link);
                break;
            case HashingEvent or ProgressEvent when !screen.IsLive && _milestones.Of(e) is { } told:
                _pages.Raw(told);
                break;
            case DoneEvent done:
                _pages.Done(done);
                break;
            case ItemEvent item:
                _items.Add(item);
                break;
            case FoundPeerEvent found:
                _found.Add(found);
                break;
            case VerifiedEvent verified:
                _verified.Add(verified);
                break;
            case PinnedEvent pinned:
                _pages.Pinned(pinned);
                break;
            case RelocatedEvent relocated:
                _pages.Relocated(relocated);
                break;
            case RepairedEvent repaired:
                _pages.Repaired(repaired);
                break;
            case EvictedEvent evicted:
                _pages.Evicted(evicted);
                break;
            case KeptEvent kept:
                _pages.Kept(kept);
                break;
            case CollectedEvent collected:
                _pages.Collected(collected);
                break;
            case UsageEvent usage:
                _usage.Add(usage);
                break;
            case RemovedEvent removed:
                _pages.Removed(removed);
                break;
            case WarningEvent warning when screen.IsLive:
                _pages.Warning(warning);
                break;
            case WarningEvent warning:
                screen.Error.Write(Sentences.Warning(warning));
                break;
            case ErrorEvent error when screen.IsLive:
                _last.Add(Sentences.Error(error)); // after what is drawn, which it would tear
                break;
            case ErrorEvent error:
                screen.Error.Write(Sentences.Error(error));
                break;
        }

        if (e is SharedEvent && !screen.IsLive) _pages.Raw("Serving. Ctrl+C to stop.");
    }
}
