using System.Net;
using Shoal.Core;
using Shoal.Engine;
using Xunit;

namespace Shoal.Unit.Engine;

public sealed class KeyQuestionsTests
{
    private readonly KeyQuestions _questions = new();

    [Fact]
    public void LetsAnAddressAskInABurst_AndThenAtItsPace()
    {
        Assert.Equal(KeyQuestions.Burst, Enumerable.Range(0, 10_000).Count(port => _questions.TryTake(SwarmBench.At(1, port % 60_000 + 1), TimeSpan.Zero)));

        Assert.Equal(10 * KeyQuestions.PerSecond, Enumerable.Range(0, 10_000).Count(_ => _questions.TryTake(SwarmBench.At(1), TimeSpan.FromSeconds(10))));
        Assert.True(_questions.TryTake(SwarmBench.At(2), TimeSpan.FromSeconds(10)));
    }

    [Fact]
    public void TakesARangeOfGlobalAddressesForOne() =>
        Assert.Equal(KeyQuestions.Burst, Enumerable.Range(0, 250).Count(host => _questions.TryTake(new NetEndPoint(new IPAddress([8, 8, 8, (byte)host]), 9), TimeSpan.Zero)));

    [Fact]
    public void RemembersABoundedNumber_AndThenLetsNobodyElseAsk_UntilSomeMayBeForgotten()
    {
        for (var i = 0; i < 5000; i++) _questions.TryTake(At(i), TimeSpan.Zero);

        Assert.False(_questions.TryTake(At(5000), TimeSpan.Zero));
        Assert.True(_questions.TryTake(At(5000), TimeSpan.FromSeconds(1)));

        static NetEndPoint At(int i) => new(new IPAddress([10, 1, (byte)(i >> 8), (byte)i]), 9);
    }
}
