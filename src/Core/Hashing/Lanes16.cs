using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Shoal.Core.Hashing;

/// <summary>Sixteen messages, with AVX-512: a rotation or any function of three words is one instruction.</summary>
internal readonly unsafe struct Lanes16 : ILanes<Vector512<uint>>
{
    // Truth tables of vpternlogd, indexed by the bits of its three operands.
    private const byte Xor3 = 0x96, Choice = 0xCA, Most = 0xE8;

    public static bool IsSupported => Avx512F.IsSupported && Avx512BW.IsSupported;

    public static int Count => 16;

    public static int Least => 7;

    public static int LeastShort => 2;

    public static bool HoldsSchedule => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> Broadcast(uint word) => Vector512.Create(word);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> Add(Vector512<uint> left, Vector512<uint> right) => left + right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Turn(
        Vector512<uint> a, Vector512<uint> b, Vector512<uint> c, ref Vector512<uint> d,
        Vector512<uint> e, Vector512<uint> f, Vector512<uint> g, ref Vector512<uint> h, Vector512<uint> scheduled)
    {
        var sum1 = Avx512F.TernaryLogic(Avx512F.RotateRight(e, 6), Avx512F.RotateRight(e, 11), Avx512F.RotateRight(e, 25), Xor3);
        var sum0 = Avx512F.TernaryLogic(Avx512F.RotateRight(a, 2), Avx512F.RotateRight(a, 13), Avx512F.RotateRight(a, 22), Xor3);
        var sum = h + scheduled + Avx512F.TernaryLogic(e, f, g, Choice) + sum1;
        d += sum;
        h = sum + Avx512F.TernaryLogic(a, b, c, Most) + sum0;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> Schedule(Vector512<uint> w0, Vector512<uint> w1, Vector512<uint> w9, Vector512<uint> w14)
    {
        var small0 = Avx512F.TernaryLogic(Avx512F.RotateRight(w1, 7), Avx512F.RotateRight(w1, 18), w1 >>> 3, Xor3);
        var small1 = Avx512F.TernaryLogic(Avx512F.RotateRight(w14, 17), Avx512F.RotateRight(w14, 19), w14 >>> 10, Xor3);
        return w0 + small0 + (w9 + small1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Load(
        byte* messages, nint* offsets,
        out Vector512<uint> w0, out Vector512<uint> w1, out Vector512<uint> w2, out Vector512<uint> w3,
        out Vector512<uint> w4, out Vector512<uint> w5, out Vector512<uint> w6, out Vector512<uint> w7,
        out Vector512<uint> w8, out Vector512<uint> w9, out Vector512<uint> w10, out Vector512<uint> w11,
        out Vector512<uint> w12, out Vector512<uint> w13, out Vector512<uint> w14, out Vector512<uint> w15)
    {
        w0 = Row(messages + offsets[0]);
        w1 = Row(messages + offsets[1]);
        w2 = Row(messages + offsets[2]);
        w3 = Row(messages + offsets[3]);
        TurnWords(ref w0, ref w1, ref w2, ref w3);
        w4 = Row(messages + offsets[4]);
        w5 = Row(messages + offsets[5]);
        w6 = Row(messages + offsets[6]);
        w7 = Row(messages + offsets[7]);
        TurnWords(ref w4, ref w5, ref w6, ref w7);
        w8 = Row(messages + offsets[8]);
        w9 = Row(messages + offsets[9]);
        w10 = Row(messages + offsets[10]);
        w11 = Row(messages + offsets[11]);
        TurnWords(ref w8, ref w9, ref w10, ref w11);
        w12 = Row(messages + offsets[12]);
        w13 = Row(messages + offsets[13]);
        w14 = Row(messages + offsets[14]);
        w15 = Row(messages + offsets[15]);
        TurnWords(ref w12, ref w13, ref w14, ref w15);
        TurnQuarters(ref w0, ref w4, ref w8, ref w12);
        TurnQuarters(ref w1, ref w5, ref w9, ref w13);
        TurnQuarters(ref w2, ref w6, ref w10, ref w14);
        TurnQuarters(ref w3, ref w7, ref w11, ref w15);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(
        Vector512<uint> a, Vector512<uint> b, Vector512<uint> c, Vector512<uint> d, Vector512<uint> e, Vector512<uint> f, Vector512<uint> g, Vector512<uint> h, byte* hashes)
    {
        TurnWords(ref a, ref b, ref c, ref d);
        TurnWords(ref e, ref f, ref g, ref h);
        StoreQuarters(a, e, hashes);
        StoreQuarters(b, f, hashes + Hash256.Length);
        StoreQuarters(c, g, hashes + 2 * Hash256.Length);
        StoreQuarters(d, h, hashes + 3 * Hash256.Length);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Row(byte* from) => Swap(Vector512.Load(from)).AsUInt32();

    /// <summary>Words are big-endian in a message.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<byte> Swap(Vector512<byte> words) =>
        Avx512BW.Shuffle(words, Vector512.Create(Vector256.Create(Vector128.Create((byte)3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12))));

    /// <summary>Turns the 4 by 4 words within each quarter of four vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void TurnWords(ref Vector512<uint> a, ref Vector512<uint> b, ref Vector512<uint> c, ref Vector512<uint> d)
    {
        var (ab, cd) = (Avx512F.UnpackLow(a, b).AsUInt64(), Avx512F.UnpackLow(c, d).AsUInt64());
        var (abHigh, cdHigh) = (Avx512F.UnpackHigh(a, b).AsUInt64(), Avx512F.UnpackHigh(c, d).AsUInt64());
        a = Avx512F.UnpackLow(ab, cd).AsUInt32();
        b = Avx512F.UnpackHigh(ab, cd).AsUInt32();
        c = Avx512F.UnpackLow(abHigh, cdHigh).AsUInt32();
        d = Avx512F.UnpackHigh(abHigh, cdHigh).AsUInt32();
    }

    /// <summary>Turns the 4 by 4 quarters of four vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void TurnQuarters(ref Vector512<uint> a, ref Vector512<uint> b, ref Vector512<uint> c, ref Vector512<uint> d)
    {
        const byte even = 0b10_00_10_00, odd = 0b11_01_11_01;
        var (ab, cd) = (Avx512F.Shuffle4x128(a, b, even), Avx512F.Shuffle4x128(c, d, even));
        var (abOdd, cdOdd) = (Avx512F.Shuffle4x128(a, b, odd), Avx512F.Shuffle4x128(c, d, odd));
        a = Avx512F.Shuffle4x128(ab, cd, even);
        b = Avx512F.Shuffle4x128(abOdd, cdOdd, even);
        c = Avx512F.Shuffle4x128(ab, cd, odd);
        d = Avx512F.Shuffle4x128(abOdd, cdOdd, odd);
    }

    /// <summary>Writes every fourth hash, whose halves are the quarters of two vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreQuarters(Vector512<uint> first, Vector512<uint> second, byte* hashes)
    {
        const int step = 4 * Hash256.Length;
        var (left, right) = (Swap(first.AsByte()), Swap(second.AsByte()));
        StorePair(left.GetLower().GetLower(), right.GetLower().GetLower(), hashes);
        StorePair(left.GetLower().GetUpper(), right.GetLower().GetUpper(), hashes + step);
        StorePair(left.GetUpper().GetLower(), right.GetUpper().GetLower(), hashes + 2 * step);
        StorePair(left.GetUpper().GetUpper(), right.GetUpper().GetUpper(), hashes + 3 * step);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StorePair(Vector128<byte> left, Vector128<byte> right, byte* hash)
    {
        left.Store(hash);
        right.Store(hash + Vector128<byte>.Count);
    }
}
