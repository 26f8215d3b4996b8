using System.Buffers;
using System.Text;
using CsCheck;
using Shoal.Core.Bencode;
using Xunit;

namespace Shoal.Unit.Core.Bencode;

public sealed class BencodeReaderTests
{
    [Theory]
    [InlineData("i3e", 3)]
    [InlineData("i-3e", -3)]
    [InlineData("i0e", 0)]
    [InlineData("i9223372036854775807e", long.MaxValue)]
    [InlineData("i-9223372036854775808e", long.MinValue)]
    public void ReadsIntegers(string text, long expected)
    {
        var reader = new BencodeReader(Encoding.ASCII.GetBytes(text));

        Assert.True(reader.TryReadInteger(out var value));
        Assert.Equal(expected, value);
        Assert.True(reader.AtEnd);
    }

    [Theory]
    [InlineData("")]
    [InlineData("i")]
    [InlineData("ie")]
    [InlineData("i3")]
    [InlineData("i-e")]
    [InlineData("i-0e")]
    [InlineData("i03e")]
    [InlineData("i00e")]
    [InlineData("i-03e")]
    [InlineData("i+3e")]
    [InlineData("i 3e")]
    [InlineData("i3 e")]
    [InlineData("i3.0e")]
    [InlineData("i1,000e")]
    [InlineData("i0x3e")]
    [InlineData("i3e5e")]
    [InlineData("i--3e")]
    [InlineData("i9223372036854775808e")]
    [InlineData("i-9223372036854775809e")]
    [InlineData("i99999999999999999999999999e")]
    [InlineData("3:abc")]
    public void RefusesIntegers(string text)
    {
        var reader = new BencodeReader(Encoding.ASCII.GetBytes(text));

        Assert.False(reader.TryReadInteger(out _) && reader.AtEnd);
    }

    [Theory]
    [InlineData("4:spam", "spam")]
    [InlineData("0:", "")]
    [InlineData("10:0123456789", "0123456789")]
    public void ReadsStrings(string text, string expected)
    {
        var reader = new BencodeReader(Encoding.ASCII.GetBytes(text));

        Assert.True(reader.TryReadString(out var value));
        Assert.Equal(expected, Encoding.ASCII.GetString(value));
        Assert.True(reader.AtEnd);
    }

    [Theory]
    [InlineData("4")]
    [InlineData("4:")]
    [InlineData("4:spa")]
    [InlineData("04:spam")]
    [InlineData("00:")]
    [InlineData("-1:a")]
    [InlineData("+1:a")]
    [InlineData("1 :a")]
    [InlineData("2147483647:a")]
    [InlineData("2147483648:a")]
    [InlineData("99999999999999999999:a")]
    [InlineData("i3e")]
    [InlineData(":a")]
    public void RefusesStrings(string text)
    {
        var reader = new BencodeReader(Encoding.ASCII.GetBytes(text));

        Assert.False(reader.TryReadString(out _));
    }

    [Fact]
    public void ReadsTheListsAndDictionariesOfTheSpecification()
    {
        var list = new BencodeReader("l4:spam4:eggse"u8);
        Assert.True(list.TryEnterList() && list.TryReadString(out var first) && first.SequenceEqual("spam"u8));
        Assert.True(list.TryReadString(out var second) && second.SequenceEqual("eggs"u8) && list.TryLeave() && list.AtEnd);

        var dictionary = new BencodeReader("d3:cow3:moo4:spaml1:a1:bee"u8);
        Assert.True(dictionary.TryEnterDictionary() && dictionary.TryReadKey(out var key) && key.SequenceEqual("cow"u8) && dictionary.TrySkip());
        Assert.True(dictionary.TryReadKey(out key) && key.SequenceEqual("spam"u8) && dictionary.TryReadRaw(out var raw) && raw.SequenceEqual("l1:a1:be"u8));
        Assert.False(dictionary.TryReadKey(out _));
        Assert.True(dictionary.TryLeave() && dictionary.AtEnd);
    }

    [Fact]
    public void ReadsKeysOutOfOrder_AsPeersSendThem()
    {
        var reader = new BencodeReader("d1:bi1e1:ai2ee"u8);

        Assert.True(reader.TrySkip());
        Assert.True(reader.AtEnd);
    }

    [Fact]
    public void WritesAgainWhatItRead() => BenGen.Value.Sample(value =>
    {
        var bytes = Ben.Of(value);
        var output = new ArrayBufferWriter<byte>();
        var reader = new BencodeReader(bytes);

        Copy(ref reader, new BencodeWriter(output));

        Assert.True(reader.AtEnd);
        Assert.Equal(bytes, output.WrittenSpan.ToArray());
    }, iter: 2000);

    [Fact]
    public void NeverThrows_WhateverTheBytes() => Gen.OneOf(Gen.Byte.Array[0, 60], Gen.Char["0123456789:ilde-+"].Array[0, 40].Select(c => Encoding.ASCII.GetBytes(c)), BenGen.Mutated).Sample(bytes =>
    {
        for (var from = 0; from <= bytes.Length; from++)
        {
            var rest = bytes.AsSpan(from);
            var skipping = new BencodeReader(rest);
            if (skipping.TrySkip()) Assert.InRange(skipping.Position, 2, rest.Length);

            var walking = new BencodeReader(rest);
            for (var steps = 0; Step(ref walking); steps++) Assert.True(steps <= rest.Length);
            Assert.InRange(walking.Position, 0, rest.Length);
        }
    }, iter: 3000);

    [Theory]
    [InlineData(BencodeReader.MaxDepth, true)]
    [InlineData(BencodeReader.MaxDepth + 1, false)]
    [InlineData(1_000_000, false)]
    public void SkipsOnlySoDeep(int depth, bool expected)
    {
        var reader = new BencodeReader(Encoding.ASCII.GetBytes(new string('l', depth) + new string('e', depth)));

        Assert.Equal(expected, reader.TrySkip());
    }

    private static bool Step(ref BencodeReader reader) => reader.Peek() switch
    {
        BencodeType.Integer => reader.TryReadInteger(out _),
        BencodeType.String => reader.TryReadString(out _),
        BencodeType.List => reader.TryEnterList(),
        BencodeType.Dictionary => reader.TryEnterDictionary(),
        BencodeType.End => reader.TryLeave(),
        _ => false,
    };

    private static void Copy(ref BencodeReader reader, BencodeWriter writer)
    {
        if (reader.TryReadInteger(out var number))
        {
            writer.WriteInteger(number);
        }
        else if (reader.TryReadString(out var text))
        {
            writer.WriteString(text);
        }
        else if (reader.TryEnterList())
        {
            writer.BeginList();
            while (!reader.TryLeave()) Copy(ref reader, writer);
            writer.End();
        }
        else
        {
            Assert.True(reader.TryEnterDictionary());
            writer.BeginDictionary();
            while (reader.TryReadKey(out var key))
            {
                writer.WriteString(key);
                Copy(ref reader, writer);
            }

            Assert.True(reader.TryLeave());
            writer.End();
        }
    }
}
