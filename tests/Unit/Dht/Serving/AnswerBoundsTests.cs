using Shoal.Core;
using Shoal.Dht;
using Shoal.Dht.Serving;
using Xunit;

namespace Shoal.Unit.Dht.Serving;

public sealed class AnswerBoundsTests
{
    private readonly AnswerBounds _bounds = new(new DhtNodeOptions { LongAnswersPerSource = 2, LongAnswers = 3 }, new Random(1));

    [Fact]
    public void AllowsShortAnswersToAnybody()
    {
        for (var i = 0; i < 10; i++) Assert.True(_bounds.Allows(Parse("8.8.8.8:1"), AnswerBounds.Unproven, TimeSpan.Zero));
    }

    [Fact]
    public void AllowsFewLongAnswersToOneRange_UntilItIsProven()
    {
        Assert.True(Long("8.8.8.8:1"));
        Assert.True(Long("8.8.8.9:1"));
        Assert.False(Long("8.8.8.8:2"));

        _bounds.Proven(Parse("8.8.8.8:9"), TimeSpan.Zero);

        for (var i = 0; i < 10; i++) Assert.True(Long("8.8.8.8:2"));
        Assert.False(Long("8.8.8.9:1"));
        Assert.True(Long("8.8.8.9:1", TimeSpan.FromSeconds(1)));
    }

    [Fact]
    public void AllowsFewLongAnswersToAllWhoAreUnproven()
    {
        for (var i = 1; i <= 3; i++) Assert.True(Long($"8.8.{i}.8:1"));

        Assert.False(Long("8.8.4.8:1"));
        Assert.True(Long("10.0.0.1:1"));
        Assert.True(Long("8.8.4.8:1", TimeSpan.FromSeconds(1)));
    }

    [Fact]
    public void ForgetsProof_AfterQuarterOfAnHour()
    {
        _bounds.Proven(Parse("8.8.8.8:1"), TimeSpan.Zero);
        var now = TimeSpan.FromMinutes(15);

        Assert.True(Long("8.8.8.8:1", now));
        Assert.True(Long("8.8.8.8:1", now));
        Assert.False(Long("8.8.8.8:1", now));
    }

    private bool Long(string asker, TimeSpan now = default) => _bounds.Allows(Parse(asker), AnswerBounds.Unproven + 1, now);

    private static NetEndPoint Parse(string text)
    {
        Assert.True(NetEndPoint.TryParse(text, out var endPoint));
        return endPoint;
    }
}
