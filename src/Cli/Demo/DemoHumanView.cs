using System.Globalization;
using Shoal.Cli.Output;
using Shoal.Node.Commands;
using Shoal.Node.Events;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Shoal.Cli.Demo;

/// <summary>The demo for people: sentences that stay, beneath them the map and the bar of what is being fetched.</summary>
internal sealed class DemoHumanView(Screen screen, TimeProvider clock) : IDemoView, IRenderable
{
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(125);

    private readonly Lock _line = new();
    private readonly DemoMap _map = new();
    private readonly List<string> _last = [];
    private volatile LiveScene? _scene;
    private volatile string _step = "";
    private string? _lost;
    private Milestones _milestones = new();
    private Action _refresh = () => { };

    public async Task<ExitCode> RunAsync(Func<Action<ShoalEvent>, Task<ExitCode>> command)
    {
        var code = screen.IsLive ? await RunLiveAsync(command) : await command(Report);
        foreach (var sentence in _last) await screen.Error.WriteAsync(sentence);
        return code;
    }

    public void Show(DemoEvent e)
    {
        lock (_line)
        {
            if (e.Step != _step) Turn(e.Step);
            if (e.Message is not null) Say(e);
            if (e.Inside is not null) See(e.Step, e.Inside);
            if (e.Result is not null) Tell(e.Result);
        }

        _refresh();
    }

    public Measurement Measure(RenderOptions options, int maxWidth) => new(1, maxWidth);

    public IEnumerable<Segment> Render(RenderOptions options, int maxWidth)
    {
        if (_scene is not { } scene) return [];

        var map = _step is "fetch" or "loss" ? _map.Render(options, maxWidth) : [];
        return map.Concat(scene.Render(options, maxWidth));
    }

    private Task<ExitCode> RunLiveAsync(Func<Action<ShoalEvent>, Task<ExitCode>> command)
    {
        var live = screen.Console.Live(this).AutoClear(true).Overflow(VerticalOverflow.Crop).Cropping(VerticalOverflowCropping.Bottom);
        return live.StartAsync(async context =>
        {
            await using var beat = clock.CreateTimer(_ => context.Refresh(), null, TimeSpan.Zero, Beat);
            _refresh = context.Refresh;
            var code = await command(Report);
            _scene = null;
            return code;
        });
    }

    private void Report(ShoalEvent e)
    {
        lock (_line)
        {
            if (e is ErrorEvent error) _last.Add(Sentences.Error(error));
        }
    }

    private void Turn(string step)
    {
        if (step != "loss" && !(step == "fetch" && _step == "loss"))
        {
            _milestones = new Milestones();
            _scene = step is "fetch" or "one" or "three" ? new LiveScene(clock) { Colour = _map.ColourOf } : null;
        }

        _step = step;
    }

    private void Say(DemoEvent e)
    {
        if (e.Step is "swarm" or "fetch" or "one" && (e.Node is null || e.Step == "fetch")) screen.Console.Write(new Line());
        if (e.Step == "loss") _lost = e.Node;
        var line = new Line();
        if (e.Step == "swarm" && e.Node is not null) line.Add("● ", Look.Sources[_map.ColourOf(e.Node) % Look.Sources.Length]);
        screen.Console.Write(line.Add(e.Message ?? "", e.Step == "loss" ? Look.Warn : Style.Plain));
    }

    private void See(string step, ShoalEvent e)
    {
        if (step is "swarm") return;

        var mapped = step is "fetch" or "loss";
        if (e is PieceEvent piece && mapped) _map.Take(piece);
        if (e is not (HashingEvent or ServingEvent or SharedEvent or ListeningEvent or AnnouncedEvent)) _scene?.See(e);
        switch (e)
        {
            case ProgressEvent when !screen.IsLive && _milestones.Of(e) is { } told:
                screen.Console.Write(new Line().Add(told));
                break;
            case DoneEvent done when mapped:
                _scene = null;
                if (_lost is not null) _map.GiveRestTo(_lost);
                screen.Console.Write(_map);
                TellSources(done);
                break;
            case DoneEvent done:
                _scene = null;
                screen.Console.Write(new Line().Add(step == "one" ? "  from one source     " : "  from three sources  ").Add($"{Words.Duration(done.TransferSeconds),8}", Look.Strong).Add($"  {Words.Rate(done.Bytes / Math.Max(0.001, done.TransferSeconds))}", Look.Accent));
                break;
            case VerifiedEvent { Bad: 0 } verified:
                screen.Console.Write(new Line().Add("✓ ", Look.Good).Add($"Proven again from disk: all {Words.Count(verified.Ok, "piece", "pieces")} are right."));
                break;
        }
    }

    private void TellSources(DoneEvent done)
    {
        foreach (var peer in done.Peers.OrderBy(p => _map.ColourOf(p.Address)))
        {
            var colour = _map.ColourOf(peer.Address);
            screen.Console.Write(new Line().Add("● ", Look.Sources[colour % Look.Sources.Length])
                .Add($"{(char)('A' + colour % 26)}  {Safe.Text(peer.Address)}  {Words.Size(peer.Bytes),8}  ").Add(Words.Count(_map.CountOf(peer.Address), "piece", "pieces"), Look.Dim));
        }

        screen.Console.Write(new Line().Add("✓ ", Look.Good).Add($"{Words.Size(done.Bytes)} in {Words.Duration(done.TransferSeconds)}, every byte checked against its hash."));
    }

    private void Tell(DemoResult result)
    {
        screen.Console.Write(new Line());
        screen.Console.Write(new Line().Add("Three sources were ").Add(result.Factor.ToString("0.0", CultureInfo.InvariantCulture) + " times as fast as one", Look.Strong).Add("."));
        screen.Console.Write(new Line());
        screen.Console.Write(new Line().Add("Now with files of your own:"));
        screen.Console.Write(new Line().Add("  shoal share PATH", Look.Accent).Add("   prints a link and serves it"));
        screen.Console.Write(new Line().Add("  shoal get LINK", Look.Accent).Add("     on any other machine, or in another terminal"));
    }
}
