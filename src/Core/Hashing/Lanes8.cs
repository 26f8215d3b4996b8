using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Shoal.Core.Hashing;

/// <summary>Eight messages, with AVX2.</summary>
internal readonly unsafe struct Lanes8 : ILanes<Vector256<uint>>
{
    public static bool IsSupported => Avx2.IsSupported;

    public static int Count => 8;

    public static int Least => 3;

    public static int LeastShort => 2;

    public static bool HoldsSchedule => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> Broadcast(uint word) => Vector256.Create(word);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> Add(Vector256<uint> left, Vector256<uint> right) => left + right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Turn(
        Vector256<uint> a, Vector256<uint> b, Vector256<uint> c, ref Vector256<uint> d,
        Vector256<uint> e, Vector256<uint> f, Vector256<uint> g, ref Vector256<uint> h, Vector256<uint> scheduled)
    {
        var sum1 = (e >>> 6) ^ (e << 26) ^ (e >>> 11) ^ (e << 21) ^ (e >>> 25) ^ (e << 7);
        var sum0 = (a >>> 2) ^ (a << 30) ^ (a >>> 13) ^ (a << 19) ^ (a >>> 22) ^ (a << 10);
        var sum = h + scheduled + (((f ^ g) & e) ^ g) + sum1;
        d += sum;
        h = sum + (((a ^ b) & (b ^ c)) ^ b) + sum0;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> Schedule(Vector256<uint> w0, Vector256<uint> w1, Vector256<uint> w9, Vector256<uint> w14)
    {
        var small0 = (w1 >>> 7) ^ (w1 << 25) ^ (w1 >>> 18) ^ (w1 << 14) ^ (w1 >>> 3);
        var small1 = (w14 >>> 17) ^ (w14 << 15) ^ (w14 >>> 19) ^ (w14 << 13) ^ (w14 >>> 10);
        return w0 + small0 + (w9 + small1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Load(
        byte* messages, nint* offsets,
        out Vector256<uint> w0, out Vector256<uint> w1, out Vector256<uint> w2, out Vector256<uint> w3,
        out Vector256<uint> w4, out Vector256<uint> w5, out Vector256<uint> w6, out Vector256<uint> w7,
        out Vector256<uint> w8, out Vector256<uint> w9, out Vector256<uint> w10, out Vector256<uint> w11,
        out Vector256<uint> w12, out Vector256<uint> w13, out Vector256<uint> w14, out Vector256<uint> w15)
    {
        LoadHalf(messages, offsets, out w0, out w1, out w2, out w3, out w4, out w5, out w6, out w7);
        LoadHalf(messages + Vector256<byte>.Count, offsets, out w8, out w9, out w10, out w11, out w12, out w13, out w14, out w15);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(
        Vector256<uint> a, Vector256<uint> b, Vector256<uint> c, Vector256<uint> d, Vector256<uint> e, Vector256<uint> f, Vector256<uint> g, Vector256<uint> h, byte* hashes)
    {
        TurnWords(ref a, ref b, ref c, ref d);
        TurnWords(ref e, ref f, ref g, ref h);
        TurnHalves(ref a, ref e);
        TurnHalves(ref b, ref f);
        TurnHalves(ref c, ref g);
        TurnHalves(ref d, ref h);
        StoreRow(a, hashes);
        StoreRow(b, hashes + Hash256.Length);
        StoreRow(c, hashes + 2 * Hash256.Length);
        StoreRow(d, hashes + 3 * Hash256.Length);
        StoreRow(e, hashes + 4 * Hash256.Length);
        StoreRow(f, hashes + 5 * Hash256.Length);
        StoreRow(g, hashes + 6 * Hash256.Length);
        StoreRow(h, hashes + 7 * Hash256.Length);
    }

    /// <summary>Reads 32 bytes of each message.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void LoadHalf(
        byte* messages, nint* offsets,
        out Vector256<uint> w0, out Vector256<uint> w1, out Vector256<uint> w2, out Vector256<uint> w3,
        out Vector256<uint> w4, out Vector256<uint> w5, out Vector256<uint> w6, out Vector256<uint> w7)
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
        TurnHalves(ref w0, ref w4);
        TurnHalves(ref w1, ref w5);
        TurnHalves(ref w2, ref w6);
        TurnHalves(ref w3, ref w7);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> Row(byte* from) => Swap(Vector256.Load(from)).AsUInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreRow(Vector256<uint> row, byte* to) => Swap(row.AsByte()).Store(to);

    /// <summary>Words are big-endian in a message.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Swap(Vector256<byte> words) =>
        Avx2.Shuffle(words, Vector256.Create(Vector128.Create((byte)3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12)));

    /// <summary>Turns the 4 by 4 words within each half of four vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void TurnWords(ref Vector256<uint> a, ref Vector256<uint> b, ref Vector256<uint> c, ref Vector256<uint> d)
    {
        var (ab, cd) = (Avx2.UnpackLow(a, b).AsUInt64(), Avx2.UnpackLow(c, d).AsUInt64());
        var (abHigh, cdHigh) = (Avx2.UnpackHigh(a, b).AsUInt64(), Avx2.UnpackHigh(c, d).AsUInt64());
        a = Avx2.UnpackLow(ab, cd).AsUInt32();
        b = Avx2.UnpackHigh(ab, cd).AsUInt32();
        c = Avx2.UnpackLow(abHigh, cdHigh).AsUInt32();
        d = Avx2.UnpackHigh(abHigh, cdHigh).AsUInt32();
    }

    /// <summary>Turns the 2 by 2 halves of two vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void TurnHalves(ref Vector256<uint> a, ref Vector256<uint> b)
    {
        const byte lower = 0x20, upper = 0x31;
        (a, b) = (Avx2.Permute2x128(a, b, lower), Avx2.Permute2x128(a, b, upper));
    }
}
