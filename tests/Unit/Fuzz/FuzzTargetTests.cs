using Shoal.Fuzz;
using Xunit;

namespace Shoal.Unit.Fuzz;

public sealed class FuzzTargetTests
{
    public static TheoryData<string> Names => [.. FuzzTargets.All.Select(t => t.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void HoldsForEveryInputOfItsCorpus(string name)
    {
        var target = FuzzTargets.Find(name)!;
        var corpus = FuzzFolder.Corpus(target).ToList();

        Assert.NotEmpty(corpus);
        foreach (var (file, input) in corpus) AssertHolds(target, file, [input]);
        AssertHolds(target, "all of its corpus in a row", corpus.ConvertAll(c => c.Input));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void HoldsForWhatOnceMadeItFail(string name)
    {
        var target = FuzzTargets.Find(name)!;
        foreach (var (file, inputs) in FuzzFolder.CrashesOf(target)) AssertHolds(target, file, inputs);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void HoldsForAFewMutations(string name)
    {
        var target = FuzzTargets.Find(name)!;
        var fuzzer = new Fuzzer(target, [.. FuzzFolder.Corpus(target).Select(c => c.Input)], seed: 1);

        for (var i = 0; i < 2000; i++) Assert.Null(fuzzer.Step()?.Failure);
    }

    private static void AssertHolds(FuzzTarget target, string file, IReadOnlyList<byte[]> inputs)
    {
        var failure = Record.Exception(() => target.Replay(inputs));
        Assert.True(failure is null, $"{target.Name}, {file}: {failure}");
    }
}
