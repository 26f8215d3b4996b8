using System.Buffers.Binary;

namespace Shoal.Fuzz.Mutation;

/// <summary>Changes that know nothing of a format but its words.</summary>
internal sealed class ByteMutations(Random random, IReadOnlyList<byte[]> tokens)
{
    private static readonly uint[] Numbers = [0, 1, 2, 5, 9, 13, 48, 49, 80, 127, 128, 255, 256, 511, 512, 513, 16383, 16384, 16385, 32768, 65535, 65536, 131072, 131073, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF];

    public byte[] Apply(byte[] data, byte[] other)
    {
        if (data.Length == 0) return other.Length > 0 ? other[..random.Next(1, other.Length + 1)] : [(byte)random.Next(256)];

        var at = random.Next(data.Length);
        var length = Math.Min(data.Length - at, 1 + random.Next(random.Next(4) == 0 ? data.Length : 8));
        switch (random.Next(11))
        {
            case 0:
                var flipped = (byte[])data.Clone();
                flipped[at] ^= (byte)(1 << random.Next(8));
                return flipped;
            case 1:
                var changed = (byte[])data.Clone();
                changed[at] = (byte)(random.Next(2) == 0 ? random.Next(256) : "0123456789:ilde-"u8[random.Next(16)]);
                return changed;
            case 2:
                return Edit.Replace(data, at, length, []);
            case 3:
                return Edit.Replace(data, at, 0, data.AsSpan(at, length));
            case 4:
                var noise = new byte[1 + random.Next(16)];
                random.NextBytes(noise);
                return Edit.Replace(data, at, 0, noise);
            case 5:
                return data[..at];
            case 6:
                return Edit.Replace(data, random.Next(data.Length), 0, data.AsSpan(at, length));
            case 7:
                var from = other.Length == 0 ? 0 : random.Next(other.Length);
                return [.. data[..at], .. other[from..]];
            case 8 when tokens.Count > 0:
                return Edit.Replace(data, at, random.Next(2) == 0 ? 0 : Math.Min(length, 4), tokens[random.Next(tokens.Count)]);
            case 9:
                Span<byte> number = stackalloc byte[4];
                BinaryPrimitives.WriteUInt32BigEndian(number, Numbers[random.Next(Numbers.Length)]);
                number = random.Next(3) == 0 ? number[2..] : number;
                return Edit.Replace(data, at, Math.Min(number.Length, data.Length - at), number);
            default:
                var increased = (byte[])data.Clone();
                increased[at] = (byte)(increased[at] + (random.Next(2) == 0 ? 1 : -1));
                return increased;
        }
    }
}
