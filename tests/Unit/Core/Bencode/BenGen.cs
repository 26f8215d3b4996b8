using CsCheck;

namespace Shoal.Unit.Core.Bencode;

internal static class BenGen
{
    private static readonly Gen<object> Leaf = Gen.OneOf<object>(Gen.Long.Select(x => (object)x), Gen.Byte.Array[0, 12].Select(x => (object)x));

    /// <summary>Any value with keys in order.</summary>
    public static Gen<object> Value { get; } = OfDepth(4);

    /// <summary>An encoded value with a few bytes changed, cut, repeated or added.</summary>
    public static Gen<byte[]> Mutated { get; } =
        Gen.Select(Value, Gen.Int[0, int.MaxValue], Gen.OneOf(Gen.Byte, Gen.Char["0123456789:ilde-"].Select(c => (byte)c)), Gen.Int[0, 3]).Select((value, at, with, how) =>
        {
            var bytes = Ben.Of(value);
            at %= bytes.Length;
            return how switch
            {
                0 => [.. bytes[..at], with, .. bytes[(at + 1)..]],
                1 => bytes[..at],
                2 => [.. bytes[..at], with, .. bytes[at..]],
                _ => [.. bytes[..at], .. bytes[(at + 1)..]],
            };
        });

    private static Gen<object> OfDepth(int depth)
    {
        if (depth == 0) return Leaf;

        var inner = OfDepth(depth - 1);
        var list = inner.Array[0, 4].Select(x => (object)x);
        var dictionary = Gen.Select(Gen.Byte.Array[0, 3], inner).Array[0, 4].Select(pairs =>
            (object)pairs.DistinctBy(p => Convert.ToHexString(p.Item1)).OrderBy(p => Convert.ToHexString(p.Item1), StringComparer.Ordinal)
                .Select(p => ((object)p.Item1, p.Item2)).ToArray());
        return Gen.OneOf(Leaf, list, dictionary);
    }
}
