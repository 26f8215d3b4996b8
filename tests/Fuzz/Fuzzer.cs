using System.Diagnostics;
using Shoal.Fuzz.Mutation;

namespace Shoal.Fuzz;

/// <summary>
/// Feeds a target one input after the other: first the corpus, then mutations of it and of whatever behaved in a new way. The seed decides all of it.
/// There is no measure of coverage; how the target behaved stands for it.
/// </summary>
internal sealed class Fuzzer
{
    private readonly FuzzTarget _target;
    private readonly IReadOnlyList<byte[]> _corpus;
    private readonly Random _random;
    private readonly Mutator _mutator;
    private readonly InputPool _pool;
    private readonly HashSet<ulong> _known = [];
    private readonly List<byte[]> _session = [];
    private ISubject? _subject;
    private long _inputs;

    public Fuzzer(FuzzTarget target, IReadOnlyList<byte[]> corpus, int seed)
    {
        _target = target;
        _corpus = corpus;
        _random = new Random(seed);
        _mutator = new Mutator(target, _random);
        _pool = new InputPool(corpus);
    }

    /// <summary>How many were fed; any thread may look.</summary>
    public long Inputs => Volatile.Read(ref _inputs);

    /// <summary>How many behaved in a new way.</summary>
    public int Kept => _pool.Kept;

    /// <summary>Follows from every outcome so far.</summary>
    public ulong Trace { get; private set; }

    /// <summary>What counts as a hang; null if time does not matter.</summary>
    public TimeSpan? SlowAfter { get; init; }

    /// <summary>Told each input before it is fed.</summary>
    public LastInput? LastInput { get; init; }

    /// <summary>One input.</summary>
    /// <returns>Null if all was well.</returns>
    public Finding? Step()
    {
        var input = _inputs < _corpus.Count ? _corpus[(int)_inputs] : _mutator.Next(_pool);
        if (_subject is null || _session.Count >= _target.InputsPerSession)
        {
            _subject = null;
            _session.Clear();
        }

        _session.Add(input);
        LastInput?.Note(input);
        Volatile.Write(ref _inputs, _inputs + 1);
        var begun = Stopwatch.GetTimestamp();
        try
        {
            _subject ??= _target.Create();
            var outcome = _subject.Run(input);
            Trace = Trace * 31 + outcome;
            if (_known.Add(outcome)) _pool.Keep(input, _random);
        }
        catch (Exception e)
        {
            return Found(e);
        }

        return SlowAfter is { } limit && Stopwatch.GetElapsedTime(begun) > limit && IsSlowAgain(limit) ? Found(new Violation("too slow")) : null;
    }

    private Finding Found(Exception failure)
    {
        var finding = new Finding(_target, [.. _session], failure);
        _subject = null;
        return finding;
    }

    /// <summary>Other programs may have held it up, so it counts only if it is slow twice.</summary>
    private bool IsSlowAgain(TimeSpan limit)
    {
        var subject = _target.Create();
        foreach (var earlier in _session.SkipLast(1)) subject.Run(earlier);
        var begun = Stopwatch.GetTimestamp();
        subject.Run(_session[^1]);
        return Stopwatch.GetElapsedTime(begun) > limit;
    }
}
