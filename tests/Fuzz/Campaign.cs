using System.Diagnostics;
using System.Globalization;

namespace Shoal.Fuzz;

/// <summary>One target for so many seconds, with everything that has to do with files, time and the terminal.</summary>
internal sealed class Campaign(FuzzTarget target, int seconds, int seed)
{
    private static readonly TimeSpan SlowAfter = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan StuckAfter = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan MinimiseFor = TimeSpan.FromSeconds(30);

    public long Inputs { get; private set; }

    public int Seconds { get; private set; }

    /// <returns>Whether nothing was found.</returns>
    public bool Run()
    {
        byte[][] corpus = [.. FuzzFolder.Corpus(target).Select(c => c.Input), .. FuzzFolder.CrashesOf(target).SelectMany(c => c.Inputs)];
        using var last = new LastInput(Path.Combine(FuzzFolder.Root, "artifacts", "fuzz", target.Name + ".last"), corpus.Max(c => c.Length) + target.MaxLength);
        var fuzzer = new Fuzzer(target, corpus, seed) { SlowAfter = SlowAfter, LastInput = last };
        using var watch = Watch(fuzzer, last);
        var begun = Stopwatch.StartNew();
        Finding? finding = null;
        while (finding is null && begun.Elapsed.TotalSeconds < seconds) finding = fuzzer.Step();

        Inputs = fuzzer.Inputs;
        Seconds = (int)Math.Round(begun.Elapsed.TotalSeconds);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{target.Name,-10} {Inputs} inputs, {Inputs / begun.Elapsed.TotalSeconds:F0}/s, {begun.Elapsed.TotalSeconds:F1} s, {fuzzer.Kept} kept, seed {seed}"));
        if (finding is null) return true;

        Report(finding);
        return false;
    }

    private static void Report(Finding finding)
    {
        finding = new Minimiser(MinimiseFor).Minimise(finding);
        Console.WriteLine($"{FuzzFolder.Save(finding)}  ({finding.Inputs.Count} inputs, the last {finding.Inputs[^1].Length} bytes)");
        Console.WriteLine($"  {finding.Failure.GetType().Name}: {finding.Failure.Message}");
        foreach (var line in (finding.Failure.StackTrace ?? "").Split('\n').Take(5)) Console.WriteLine("  " + line.Trim());
    }

    /// <summary>An input that never ends can only be told of from beside it.</summary>
    private Timer Watch(Fuzzer fuzzer, LastInput last)
    {
        var seen = -1L;
        return new Timer(
            _ =>
            {
                var inputs = fuzzer.Inputs;
                if (Interlocked.Exchange(ref seen, inputs) != inputs) return;

                var path = FuzzFolder.Save($"{target.Name}-stuck", last.Read());
                Console.WriteLine($"{path}\n  stuck at input {inputs} for more than {StuckAfter.TotalSeconds} s, seed {seed}");
                Environment.Exit(1);
            },
            null,
            StuckAfter,
            StuckAfter);
    }
}
