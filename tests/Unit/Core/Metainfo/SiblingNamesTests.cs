using Shoal.Core.Metainfo;
using Xunit;

namespace Shoal.Unit.Core.Metainfo;

public sealed class SiblingNamesTests
{
    [Fact]
    public void NumbersNamesakes()
    {
        var names = new SiblingNames();

        Assert.Equal(["a", "a.2", "a.1", "b", "a.3", "a.2.1"], new[] { "a", "a.2", "a", "b", "a", "a.2" }.Select(names.Take));
    }

    [Fact]
    public void StaysFast_WhenAllAreNamesakes()
    {
        var names = new SiblingNames();

        Assert.Equal(200_000, Enumerable.Range(0, 200_000).Select(_ => names.Take("_")).Distinct().Count());
    }
}
