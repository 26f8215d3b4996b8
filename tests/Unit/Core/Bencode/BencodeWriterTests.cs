using System.Buffers;
using System.Text;
using Shoal.Core;
using Shoal.Core.Bencode;
using Xunit;

namespace Shoal.Unit.Core.Bencode;

public sealed class BencodeWriterTests
{
    [Fact]
    public void WritesTheExamplesOfTheSpecification()
    {
        Assert.Equal("4:spam", Written(w => w.WriteString("spam")));
        Assert.Equal("i3e", Written(w => w.WriteInteger(3)));
        Assert.Equal("i-3e", Written(w => w.WriteInteger(-3)));
        Assert.Equal("i0e", Written(w => w.WriteInteger(0)));
        Assert.Equal("l4:spam4:eggse", Written(w =>
        {
            w.BeginList();
            w.WriteString("spam"u8);
            w.WriteString("eggs"u8);
            w.End();
        }));
        Assert.Equal("d3:cow3:moo4:spaml1:a1:bee", Written(w =>
        {
            w.BeginDictionary();
            w.WriteString("cow"u8);
            w.WriteString("moo"u8);
            w.WriteString("spam"u8);
            w.WriteRaw("l1:a1:be"u8);
            w.End();
        }));
    }

    [Theory]
    [InlineData(long.MinValue)]
    [InlineData(long.MaxValue)]
    [InlineData(-1)]
    public void WritesEveryIntegerWhole(long value) => Assert.Equal($"i{value}e", Written(w => w.WriteInteger(value)));

    [Fact]
    public void CountsBytesAndNotCharacters() => Assert.Equal("3:\u20ac", Written(w => w.WriteString("\u20ac")));

    [Fact]
    public void WritesHashesAsTheirBytes()
    {
        Assert.StartsWith("20:", Written(w => w.WriteString(default(Hash160))), StringComparison.Ordinal);
        Assert.Equal("32:" + new string('a', 32), Written(w => w.WriteString(new Hash256(Enumerable.Repeat((byte)'a', 32).ToArray()))));
    }

    private static string Written(Action<BencodeWriter> write)
    {
        var output = new ArrayBufferWriter<byte>();
        write(new BencodeWriter(output));
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }
}
