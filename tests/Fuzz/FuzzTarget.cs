namespace Shoal.Fuzz;

/// <summary>A parser to be fuzzed: how to set it up, and what its inputs look like.</summary>
internal sealed record FuzzTarget(string Name, Func<ISubject> Create)
{
    /// <summary>Bytes before what is parsed, which say what to do with it.</summary>
    public int HeadLength { get; init; }

    public int MaxLength { get; init; } = 8 * 1024;

    /// <summary>After so many inputs the subject is made anew; 1 where it keeps nothing.</summary>
    public int InputsPerSession { get; init; } = 1;

    /// <summary>Whether mutations should know bencoding.</summary>
    public bool IsBencoded { get; init; }

    /// <summary>Words of the format.</summary>
    public IReadOnlyList<byte[]> Tokens { get; init; } = [];

    /// <summary>Feeds a new subject one input after the other; what escapes, escapes.</summary>
    public void Replay(IEnumerable<byte[]> inputs)
    {
        var subject = Create();
        foreach (var input in inputs) subject.Run(input);
    }
}
