using System.Globalization;
using System.Text;

namespace Shoal.Fuzz.Mutation;

/// <summary>Changes of bencoded inputs that leave most of them well formed, so that what lies behind the parser is reached.</summary>
internal sealed class BencodeMutations(Random random, int headLength, IReadOnlyList<byte[]> tokens)
{
    private static readonly string[] Integers =
    [
        "0", "1", "-1", "2", "16", "-0", "00", "01", "+1", "", "-", "80", "255", "256", "1000", "1024", "16384", "65535", "65536", "1048576", "536870912", "2147483647", "2147483648", "-2147483648",
        "4294967295", "4294967296", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809", "99999999999999999999999",
    ];

    private static readonly int[] Lengths = [0, 1, 2, 4, 6, 8, 12, 18, 19, 20, 21, 26, 32, 33, 38, 40, 52, 64, 65, 128, 129, 208, 256, 304, 416, 999, 1000, 1001, 1025];

    private static readonly int[] Depths = [1, 2, 3, 16, 254, 255, 256, 257, 600];

    private readonly List<Element> _elements = [];
    private readonly List<Element> _others = [];

    /// <param name="data">What to change.</param>
    /// <param name="other">Another input to take from.</param>
    public byte[] Apply(byte[] data, byte[] other)
    {
        Element.Scan(data, headLength, _elements);
        if (_elements.Count == 0) return Edit.Replace(data, Math.Min(headLength, data.Length), 0, "d1:q4:pinge"u8);

        var element = Pick(_elements);
        return random.Next(14) switch
        {
            0 => ClaimLength(data, PickOf('s')),
            1 => Resize(data, PickOf('s')),
            2 => Replace(data, element, Foreign(other)),
            3 => tokens.Count == 0 ? data : Replace(data, PickOf('s'), String(tokens[random.Next(tokens.Count)])),
            4 => Insert(data, other),
            5 => Swap(data, element, Pick(_elements)),
            6 => Edit.Replace(data, element.Start, 0, data.AsSpan(element.Start, WithValue(element) - element.Start)),
            7 => Edit.Replace(data, element.Start, WithValue(element) - element.Start, []),
            8 => Nest(data, element),
            9 => Replace(data, PickOf('i'), Integer()),
            10 => SwapWithNext(data, element),
            11 => Retype(data, element),
            12 => Vary(data, PickOf('s')),
            _ => Replace(data, element, Value(other)),
        };
    }

    private Element Pick(List<Element> from) => from[random.Next(from.Count)];

    /// <summary>One of that kind, or another after a few tries.</summary>
    private Element PickOf(char kind)
    {
        var element = Pick(_elements);
        for (var i = 0; i < 8 && element.Kind != kind; i++) element = Pick(_elements);
        return element;
    }

    private static byte[] Replace(byte[] data, Element element, ReadOnlySpan<byte> with) => Edit.Replace(data, element.Start, element.Length, with);

    private byte[] ClaimLength(byte[] data, Element element)
    {
        if (element.Kind != 's') return data;

        var held = element.End - element.Content;
        var claim = random.Next(4) switch
        {
            0 => (held + 1).ToString(CultureInfo.InvariantCulture),
            1 => (held - 1).ToString(CultureInfo.InvariantCulture),
            2 => "0" + held.ToString(CultureInfo.InvariantCulture),
            _ => Integers[random.Next(Integers.Length)],
        };
        return Edit.Replace(data, element.Start, element.Content - element.Start - 1, Encoding.ASCII.GetBytes(claim));
    }

    private byte[] Resize(byte[] data, Element element)
    {
        if (element.Kind != 's') return data;

        var held = data.AsSpan(element.Content, element.End - element.Content);
        var length = random.Next(3) == 0 ? Math.Max(0, held.Length + random.Next(-2, 3)) : Lengths[random.Next(Lengths.Length)];
        var content = new byte[length];
        if (random.Next(2) == 0) random.NextBytes(content);
        held[..Math.Min(length, held.Length)].CopyTo(content);
        return Replace(data, element, String(content));
    }

    /// <summary>The same string with another last letter: another key of the same length.</summary>
    private byte[] Vary(byte[] data, Element element)
    {
        if (element.Kind != 's' || element.Content == element.End) return data;

        var varied = (byte[])data.Clone();
        varied[element.End - 1] = (byte)('0' + random.Next(64));
        return varied;
    }

    private byte[] Insert(byte[] data, byte[] other)
    {
        var place = PickOf('d');
        var at = place.IsKey || random.Next(2) == 0 ? place.Start : place.Kind is 'd' or 'l' ? place.Content : place.End;
        byte[] key = tokens.Count > 0 && random.Next(4) != 0 ? String(tokens[random.Next(tokens.Count)]) : random.Next(2) == 0 ? Value(other) : [];
        return Edit.Replace(data, at, 0, [.. key, .. Value(other)]);
    }

    private static byte[] Swap(byte[] data, Element one, Element two)
    {
        if (one.Start > two.Start) (one, two) = (two, one);
        if (one.End > two.Start) return data;

        return [.. data[..one.Start], .. data[two.Start..two.End], .. data[one.End..two.Start], .. data[one.Start..one.End], .. data[two.End..]];
    }

    private byte[] SwapWithNext(byte[] data, Element element)
    {
        var next = _elements.FindIndex(e => e.Start == element.End);
        return next < 0 ? data : Swap(data, element, _elements[next]);
    }

    /// <summary>A key goes together with its value.</summary>
    private int WithValue(Element element)
    {
        if (!element.IsKey || random.Next(8) == 0) return element.End;

        var value = _elements.FindIndex(e => e.Start == element.End);
        return value < 0 ? element.End : _elements[value].End;
    }

    private byte[] Nest(byte[] data, Element element)
    {
        var depth = Depths[random.Next(Depths.Length)];
        ReadOnlySpan<byte> opening = random.Next(2) == 0 ? "l"u8 : "d1:a"u8;
        var nested = new List<byte>();
        for (var i = 0; i < depth; i++) nested.AddRange(opening);
        nested.AddRange(data.AsSpan(element.Start, element.Length));
        for (var i = 0; i < depth; i++) nested.Add((byte)'e');
        return Replace(data, element, nested.ToArray());
    }

    private byte[] Retype(byte[] data, Element element)
    {
        if (element.Kind is not ('d' or 'l')) return Replace(data, element, element.Kind == 's' ? Integer() : String(data.AsSpan(element.Start, element.Length)));

        var changed = (byte[])data.Clone();
        changed[element.Start] = (byte)(element.Kind == 'd' ? 'l' : 'd');
        return changed;
    }

    private byte[] Foreign(byte[] other)
    {
        Element.Scan(other, headLength, _others);
        if (_others.Count == 0) return Integer();

        var element = Pick(_others);
        return other[element.Start..element.End];
    }

    private byte[] Value(byte[] other)
    {
        switch (random.Next(5))
        {
            case 0:
                return Integer();
            case 1:
                var content = new byte[Lengths[random.Next(Lengths.Length)]];
                random.NextBytes(content);
                return String(content);
            case 2 when tokens.Count > 0:
                return [(byte)'l', .. String(tokens[random.Next(tokens.Count)]), .. Foreign(other), (byte)'e'];
            case 3 when tokens.Count > 0:
                return String(tokens[random.Next(tokens.Count)]);
            default:
                return Foreign(other);
        }
    }

    private byte[] Integer() => Encoding.ASCII.GetBytes($"i{(random.Next(4) == 0 ? random.NextInt64(70_000).ToString(CultureInfo.InvariantCulture) : Integers[random.Next(Integers.Length)])}e");

    private static byte[] String(ReadOnlySpan<byte> content) => [.. Encoding.ASCII.GetBytes(content.Length.ToString(CultureInfo.InvariantCulture)), (byte)':', .. content];
}
