using CsCheck;
using Shoal.Core.Metainfo;
using Xunit;

namespace Shoal.Unit.Core.Metainfo;

public sealed class PathPatternTests
{
    [Theory]
    [InlineData("a.txt", "a.txt", true)]
    [InlineData("a.txt", "A.txt", false)]
    [InlineData("a.txt", "b/a.txt", false)]
    [InlineData("*", "a.txt", true)]
    [InlineData("*", "b/a.txt", false)]
    [InlineData("*/*", "b/a.txt", true)]
    [InlineData("b/*", "b/c/a.txt", false)]
    [InlineData("b/**", "b/c/a.txt", true)]
    [InlineData("b/**", "b", false)]
    [InlineData("**", "b/c/a.txt", true)]
    [InlineData("**.txt", "b/c/a.txt", true)]
    [InlineData("**/a.txt", "a.txt", true)]
    [InlineData("**/a.txt", "b/c/a.txt", true)]
    [InlineData("**/a.txt", "b/ca.txt", false)]
    [InlineData("b/**/a.txt", "b/a.txt", true)]
    [InlineData("b/**/a.txt", "b/c/d/a.txt", true)]
    [InlineData("b/**/a.txt", "b/ca.txt", false)]
    [InlineData("*a*b*", "xaxxbx", true)]
    [InlineData("*a*b*", "xbxxax", false)]
    [InlineData("[a]?.txt", "[a]?.txt", true)]
    [InlineData("[a]?.txt", "ax.txt", false)]
    [InlineData("", "", true)]
    public void MatchesAsDrawn(string pattern, string path, bool matches) => Assert.Equal(matches, new PathPattern(pattern).Matches(path));

    [Fact]
    public void MatchesAPathByItself() =>
        Gen.String[Gen.Char["ab/.*?["], 0, 12].Where(path => !path.Contains('*', StringComparison.Ordinal)).Sample(path => new PathPattern(path).Matches(path));

    [Fact]
    public void AnswersSoon_WhateverThePatternIs() =>
        Assert.False(new PathPattern(string.Concat(Enumerable.Repeat("*a", 100)) + "b").Matches(new string('a', 4000)));
}
