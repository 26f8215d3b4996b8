using Shoal.Node.Events;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Shoal.Cli.Output;

/// <summary>What is going on right now, redrawn in place. Sees every event; drawn from another thread, from immutable state.</summary>
internal sealed class LiveScene(TimeProvider clock) : IRenderable
{
    private const int MaxSources = 8;
    private static readonly string[] Spinner = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];

    private readonly long _start = clock.GetTimestamp();
    private volatile State _state = new Working("Starting");
    private double _rate;

    /// <summary>The place in the order of colours that a source has; by default in the order they are listed.</summary>
    public Func<string, int>? Colour { get; init; }

    private abstract record State;

    private sealed record Nothing : State;

    private sealed record Working(string What) : State;

    private sealed record Moving(string What, long Bytes, long Length, double Rate, int? Peers, IReadOnlyList<PeerItem> Sources) : State
    {
        public TimeSpan Since { get; init; }
    }

    private sealed record Serving(int Shared, ServingEvent? Uploads) : State;

    public static string PhaseSentence(string phase) => phase switch
    {
        "finding" => "Finding peers",
        "connecting" => "Connecting",
        "metadata" => "Asking what it is",
        "preparing" => "Looking at what is here already",
        "finishing" => "Putting it in its place",
        _ => Safe.Text(phase),
    };

    public void Do(string what) => _state = new Working(what);

    public void Clear() => _state = new Nothing();

    public void See(ShoalEvent e) => _state = e switch
    {
        HashingEvent hashing => Hashing(hashing, _state as Moving),
        ListeningEvent when _state is Working => new Working("Working"),
        SharedEvent => new Serving((_state as Serving)?.Shared + 1 ?? 1, null),
        ServingEvent serving => new Serving((_state as Serving)?.Shared ?? 0, serving),
        ProgressEvent { Phase: not (null or "downloading") } progress => new Working(Found(PhaseSentence(progress.Phase), progress.Peers)),
        ProgressEvent progress => Downloading(progress),
        DoneEvent => new Serving(1, null),
        VerifiedEvent or ItemEvent or FoundPeerEvent when _state is Moving => new Working("Working"),
        _ => _state,
    };

    public Measurement Measure(RenderOptions options, int maxWidth) => new(Math.Min(maxWidth, 20), maxWidth);

    public IEnumerable<Segment> Render(RenderOptions options, int maxWidth) => Draw(maxWidth).SelectMany(part => part.Render(options, maxWidth));

    private static string Found(string sentence, int peers) => peers > 0 ? $"{sentence}, {Words.Peers(peers)}" : sentence;

    private TimeSpan Age => clock.GetElapsedTime(_start);

    private Moving Hashing(HashingEvent e, Moving? before)
    {
        var what = "Hashing " + Safe.Text(Path.GetFileName(e.Path));
        var since = before?.What == what ? before.Since : Age;
        var seconds = (Age - since).TotalSeconds;
        return new Moving(what, e.Bytes, e.Length, seconds > 0.2 ? e.Bytes / seconds : 0, null, []) { Since = since };
    }

    private Moving Downloading(ProgressEvent e)
    {
        _rate = _rate == 0 ? e.Rate : 0.7 * _rate + 0.3 * e.Rate; // for the time left, which would jump otherwise
        return new Moving("", e.Bytes, e.Length, e.Rate, e.Peers, e.Sources ?? []);
    }

    private IEnumerable<IRenderable> Draw(int width) => _state switch
    {
        Working working => [new Line { IsCut = true }.Add(Tick() + " ", Look.Accent).Add(working.What).Add("  " + Words.Duration(Age.TotalSeconds), Look.Dim)],
        Moving moving => DrawMoving(moving, width),
        Serving serving => [DrawServing(serving)],
        _ => [],
    };

    private string Tick() => Spinner[(int)(Age.TotalMilliseconds / 100) % Spinner.Length];

    private IEnumerable<IRenderable> DrawMoving(Moving moving, int width)
    {
        if (moving.What.Length > 0) yield return new Line { IsCut = true }.Add(moving.What);

        var bar = new Line { IsCut = true };
        var share = moving.Length > 0 ? (double)moving.Bytes / moving.Length : 1;
        yield return new Joined(new Bar(share, Math.Clamp(width - 8, 4, 50)), new Line().Add($"  {Words.Percent(moving.Bytes, moving.Length)}", Look.Strong));

        bar.Add($"{Words.Size(moving.Bytes)} of {Words.Size(moving.Length)}");
        if (moving.Rate > 0) bar.Add("  ").Add(Words.Rate(moving.Rate), Look.Accent);
        var pace = moving.Peers is null ? moving.Rate : _rate;
        if (pace > 0 && moving.Bytes < moving.Length) bar.Add("  " + Words.Duration((moving.Length - moving.Bytes) / pace) + " left");
        if (moving.Peers is { } peers) bar.Add("  " + Words.Peers(peers), Look.Dim);
        yield return bar;

        foreach (var line in DrawSources(moving.Sources, width)) yield return line;
    }

    private IEnumerable<IRenderable> DrawSources(IReadOnlyList<PeerItem> sources, int width)
    {
        var total = Math.Max(1, sources.Sum(s => s.Bytes));
        var place = 0;
        var addresses = sources.Select(s => Safe.Text(s.Address)).DefaultIfEmpty("").Max(a => a.Length);
        foreach (var source in sources.Take(MaxSources))
        {
            var line = new Line { IsCut = true }.Add("● ", Look.Sources[(Colour?.Invoke(source.Address) ?? place) % Look.Sources.Length]).Add(Safe.Text(source.Address).PadRight(addresses)).Add($"  {Words.Size(source.Bytes),8}");
            if (width >= 60) line.Add($"  {(source.Rate is { } rate ? Words.Rate(rate) : ""),10}", Look.Accent).Add($"  {Words.Percent(source.Bytes, total),5}").Add($"  {Safe.Text(source.Client ?? "")}", Look.Dim);
            place++;
            yield return line;
        }

        if (sources.Count > MaxSources) yield return new Line { IsCut = true }.Add($"  and {Words.Peers(sources.Count - MaxSources)} more", Look.Dim);
    }

    private static Line DrawServing(Serving serving)
    {
        var line = new Line { IsCut = true }.Add("● ", Look.Good).Add("Serving. ").Add("Ctrl+C to stop.", Look.Dim);
        if (serving.Uploads is not { } uploads) return line;

        line.Add($"  {Words.Peers(uploads.Peers)}, {Words.Size(uploads.Uploaded)} uploaded");
        return uploads.Rate > 0 ? line.Add("  ").Add(Words.Rate(uploads.Rate), Look.Accent) : line;
    }

    /// <summary>Two things beside each other on one line.</summary>
    private sealed class Joined(Bar left, Line right) : IRenderable
    {
        public Measurement Measure(RenderOptions options, int maxWidth) => new(1, maxWidth);

        public IEnumerable<Segment> Render(RenderOptions options, int maxWidth) => left.Render(options, maxWidth).Concat(((IRenderable)right).Render(options, maxWidth));
    }
}
