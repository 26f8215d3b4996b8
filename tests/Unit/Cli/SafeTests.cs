using Shoal.Cli.Output;
using Xunit;

namespace Shoal.Unit.Cli;

public sealed class SafeTests
{
    [Theory]
    [InlineData("plain name.txt", "plain name.txt")]
    [InlineData("fish 🐟 é 👩‍👩‍👧", "fish 🐟 é 👩‍👩‍👧")]
    [InlineData("\e[31mred", "\\x1b[31mred")]
    [InlineData("two\r\nlines", "two\\x0d\\x0alines")]
    [InlineData("\u009b2J", "\\x9b2J")]
    [InlineData("abc\u202efdp.exe", "abc\\u202efdp.exe")]
    [InlineData("a\u2028b", "a\\u2028b")]
    [InlineData("a\ufffdb", "a\ufffdb")]
    [InlineData("[bold]:smile:", "[bold]:smile:")]
    public void EscapesWhatCouldDriveATerminal(string text, string shown) => Assert.Equal(shown, Safe.Text(text));

    [Fact]
    public void EscapesHalvesOfPairs() => Assert.Equal("a\\ud800b\\udc00", Safe.Text("a\ud800b\udc00"));

    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(999, "999 B")]
    [InlineData(1000, "1.00 kB")]
    [InlineData(52_428_800, "52.4 MB")]
    [InlineData(999_950_000, "1.00 GB")]
    [InlineData(419_000_000, "419 MB")]
    public void WritesSizesInThreeDigits(double bytes, string text) => Assert.Equal(text, Words.Size(bytes));

    [Theory]
    [InlineData(0.84, "0.8 s")]
    [InlineData(12.4, "12 s")]
    [InlineData(192, "3 min 12 s")]
    [InlineData(7500, "2 h 5 min")]
    public void WritesDurations(double seconds, string text) => Assert.Equal(text, Words.Duration(seconds));
}
