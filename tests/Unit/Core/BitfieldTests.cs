using CsCheck;
using Shoal.Core;
using Xunit;

namespace Shoal.Unit.Core;

public sealed class BitfieldTests
{
    private static readonly Gen<bool[]> Bits = Gen.OneOf(Gen.Bool.Array[0, 200], Gen.Bool.Array[64], Gen.Bool.Array[128], Gen.Int[0, 200].Select(n => new bool[n]));

    [Fact]
    public void BehavesAsAnArrayOfBits() => Bits.Sample(bits =>
    {
        var field = Of(bits);

        Assert.Equal(bits, Enumerable.Range(0, bits.Length).Select(i => field[i]));
        Assert.Equal(bits.Count(b => b), field.Count);
        Assert.Equal(bits.All(b => b), field.IsFull);
        Assert.Equal(!bits.Any(b => b), field.IsEmpty);
        for (var from = 0; from <= bits.Length + 1; from++)
        {
            Assert.Equal(from >= bits.Length ? -1 : Array.IndexOf(bits, true, from), field.NextSet(from));
            Assert.Equal(from >= bits.Length ? -1 : Array.IndexOf(bits, false, from), field.NextClear(from));
        }
    });

    [Fact]
    public void ReadsTheWireFormItWrote() => Bits.Sample(bits =>
    {
        var field = Of(bits);
        var wire = new byte[(bits.Length + 7) / 8];
        for (var i = 0; i < bits.Length; i++) wire[i / 8] |= (byte)(bits[i] ? 0x80 >> (i % 8) : 0);

        Assert.Equal(wire, field.ToArray());
        Assert.True(Bitfield.TryRead(wire, bits.Length, out var read));
        Assert.Equal(wire, read.ToArray());
        Assert.Equal(field.Count, read.Count);
    });

    [Fact]
    public void RefusesSpareBitsAndOtherSizes() => Gen.Int[0, 200].Sample(length =>
    {
        var size = (length + 7) / 8;
        Assert.False(Bitfield.TryRead(new byte[size + 1], length, out _));
        if (size > 0) Assert.False(Bitfield.TryRead(new byte[size - 1], length, out _));

        for (var spare = length; spare < size * 8; spare++)
        {
            var wire = new byte[size];
            wire[spare / 8] |= (byte)(0x80 >> (spare % 8));
            Assert.False(Bitfield.TryRead(wire, length, out _));
        }
    });

    [Fact]
    public void CountsEachChangeOnce() => Gen.Select(Gen.Int[1, 150], Gen.Select(Gen.Int[0, 149], Gen.Bool).Array[0, 300]).Sample((length, steps) =>
    {
        var field = new Bitfield(length);
        var set = new HashSet<int>();
        foreach (var (at, on) in steps)
        {
            if (at >= length) continue;

            Assert.Equal(on ? set.Add(at) : set.Remove(at), on ? field.Set(at) : field.Clear(at));
            Assert.Equal(set.Count, field.Count);
        }
    });

    [Fact]
    public void SetsAndClearsAll() => Gen.Int[0, 200].Sample(length =>
    {
        var field = new Bitfield(length);

        field.SetAll();
        Assert.True(field.IsFull);
        Assert.Equal(-1, field.NextClear(0));
        Assert.True(Bitfield.TryRead(field.ToArray(), length, out var read) && read.IsFull);

        field.ClearAll();
        Assert.True(field.IsEmpty);
        Assert.Equal(-1, field.NextSet(0));
    });

    [Fact]
    public void LacksWhatTheOtherHas() => Gen.Select(Gen.Bool.Array[130], Gen.Bool.Array[130]).Sample((mine, theirs) =>
        Of(mine).Lacks(Of(theirs)) == mine.Zip(theirs).Any(p => p.Second && !p.First));

    [Fact]
    public void CopiesShareNothing()
    {
        var original = Of([true, false]);
        var copy = new Bitfield(original);

        copy.Set(1);

        Assert.Equal((1, 2), (original.Count, copy.Count));
        Assert.False(original[1]);
    }

    [Fact]
    public void RefusesIndicesOutside()
    {
        var field = new Bitfield(65);

        Assert.Throws<ArgumentOutOfRangeException>(() => field[65]);
        Assert.Throws<ArgumentOutOfRangeException>(() => field.Set(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => field.Lacks(new Bitfield(64)));
    }

    private static Bitfield Of(bool[] bits)
    {
        var field = new Bitfield(bits.Length);
        for (var i = 0; i < bits.Length; i++)
        {
            if (bits[i]) field.Set(i);
        }

        return field;
    }
}
