using System.Buffers;

namespace Shoal.Fuzz.Mutation;

/// <summary>A bencoded value within an input, well formed or not quite.</summary>
/// <param name="Kind">Its first byte: <c>d</c>, <c>l</c>, <c>i</c>, or <c>s</c> for a string.</param>
/// <param name="Start">Of its first byte.</param>
/// <param name="Content">Of what it holds: behind the colon of a string, behind the opening of the others.</param>
/// <param name="End">Behind its last byte.</param>
/// <param name="IsKey">Whether a dictionary is opened and a key is due.</param>
internal readonly record struct Element(char Kind, int Start, int Content, int End, bool IsKey)
{
    private static readonly SearchValues<byte> InInteger = SearchValues.Create("-0123456789"u8);

    public int Length => End - Start;

    /// <summary>Finds what looks like bencoded values, and passes over what does not. Parents come before children.</summary>
    public static void Scan(ReadOnlySpan<byte> data, int from, List<Element> found)
    {
        found.Clear();
        var open = new Stack<(int Index, int Children)>();
        for (var at = from; at < data.Length;)
        {
            var kind = (char)data[at];
            var end = kind switch
            {
                'd' or 'l' => at + 1,
                'i' => EndOfInteger(data, at),
                >= '0' and <= '9' => EndOfString(data, at),
                _ => -1,
            };
            if (kind == 'e' && open.TryPop(out var closed)) found[closed.Index] = found[closed.Index] with { End = at + 1 };
            if (end < 0)
            {
                at++;
                continue;
            }

            var isKey = false;
            if (open.TryPop(out var parent))
            {
                isKey = found[parent.Index].Kind == 'd' && parent.Children % 2 == 0;
                open.Push((parent.Index, parent.Children + 1));
            }

            if (kind is 'd' or 'l') open.Push((found.Count, 0));
            var isString = char.IsAsciiDigit(kind);
            found.Add(new Element(isString ? 's' : kind, at, isString ? at + data[at..].IndexOf((byte)':') + 1 : at + 1, kind is 'd' or 'l' ? data.Length : end, isKey));
            at = end;
        }
    }

    private static int EndOfInteger(ReadOnlySpan<byte> data, int at)
    {
        const int LongestInteger = 32;
        var end = data[at..Math.Min(data.Length, at + LongestInteger)].IndexOf((byte)'e');
        return end > 1 && !data[(at + 1)..(at + end)].ContainsAnyExcept(InInteger) ? at + end + 1 : -1;
    }

    private static int EndOfString(ReadOnlySpan<byte> data, int at)
    {
        var length = 0;
        for (var i = at; i < data.Length && i < at + 6; i++)
        {
            if (data[i] == ':') return length <= data.Length - i - 1 ? i + 1 + length : -1;
            if (!char.IsAsciiDigit((char)data[i])) return -1;

            length = length * 10 + data[i] - '0';
        }

        return -1;
    }
}
