using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Shoal.Core.Hashing;

/// <summary>SHA-256 (FIPS 180-4) of as many messages at once as a vector has lanes.</summary>
internal static unsafe class LaneHash<TLanes, TVector>
    where TLanes : struct, ILanes<TVector>
    where TVector : unmanaged
{
    /// <summary>Hashes messages of the same length that lie one after the other.</summary>
    /// <param name="count">At least 1, at most <see cref="ILanes{TVector}.Count"/>; lanes that are left over repeat the last message.</param>
    /// <param name="length">Of each message; a multiple of 64.</param>
    /// <param name="padding">What <see cref="Sha256Constants.WritePadding"/> wrote for that length.</param>
    /// <param name="hashes">32 bytes for each message; may overlap the messages.</param>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Hash(ReadOnlySpan<byte> messages, int count, int length, ReadOnlySpan<uint> padding, Span<byte> hashes)
    {
        var offsets = stackalloc nint[TLanes.Count];
        var written = stackalloc byte[TLanes.Count * Hash256.Length];
        for (var i = 0; i < TLanes.Count; i++) offsets[i] = (nint)Math.Min(i, count - 1) * length;

        var start = Sha256Constants.Start;
        State state;
        state.A = TLanes.Broadcast(start[0]);
        state.B = TLanes.Broadcast(start[1]);
        state.C = TLanes.Broadcast(start[2]);
        state.D = TLanes.Broadcast(start[3]);
        state.E = TLanes.Broadcast(start[4]);
        state.F = TLanes.Broadcast(start[5]);
        state.G = TLanes.Broadcast(start[6]);
        state.H = TLanes.Broadcast(start[7]);
        fixed (byte* from = messages)
        fixed (uint* k = Sha256Constants.Round, pad = padding)
        {
            for (var at = 0; at < length; at += Sha256Constants.BlockLength)
            {
                if (TLanes.HoldsSchedule) AbsorbInRegisters(&state, from + at, offsets, k);
                else AbsorbInMemory(&state, from + at, offsets, k);
            }

            AbsorbPadding(&state, pad);
        }

        TLanes.Store(state.A, state.B, state.C, state.D, state.E, state.F, state.G, state.H, written);
        new ReadOnlySpan<byte>(written, count * Hash256.Length).CopyTo(hashes);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AbsorbInRegisters(State* state, byte* messages, nint* offsets, uint* k)
    {
        TLanes.Load(
            messages, offsets, out var w0, out var w1, out var w2, out var w3, out var w4, out var w5, out var w6, out var w7,
            out var w8, out var w9, out var w10, out var w11, out var w12, out var w13, out var w14, out var w15);
        var (a, b, c, d, e, f, g, h) = (state->A, state->B, state->C, state->D, state->E, state->F, state->G, state->H);
        for (var last = k + Sha256Constants.Rounds - 16; ; k += 16)
        {
            TLanes.Turn(a, b, c, ref d, e, f, g, ref h, TLanes.Add(w0, TLanes.Broadcast(k[0])));
            TLanes.Turn(h, a, b, ref c, d, e, f, ref g, TLanes.Add(w1, TLanes.Broadcast(k[1])));
            TLanes.Turn(g, h, a, ref b, c, d, e, ref f, TLanes.Add(w2, TLanes.Broadcast(k[2])));
            TLanes.Turn(f, g, h, ref a, b, c, d, ref e, TLanes.Add(w3, TLanes.Broadcast(k[3])));
            TLanes.Turn(e, f, g, ref h, a, b, c, ref d, TLanes.Add(w4, TLanes.Broadcast(k[4])));
            TLanes.Turn(d, e, f, ref g, h, a, b, ref c, TLanes.Add(w5, TLanes.Broadcast(k[5])));
            TLanes.Turn(c, d, e, ref f, g, h, a, ref b, TLanes.Add(w6, TLanes.Broadcast(k[6])));
            TLanes.Turn(b, c, d, ref e, f, g, h, ref a, TLanes.Add(w7, TLanes.Broadcast(k[7])));
            TLanes.Turn(a, b, c, ref d, e, f, g, ref h, TLanes.Add(w8, TLanes.Broadcast(k[8])));
            TLanes.Turn(h, a, b, ref c, d, e, f, ref g, TLanes.Add(w9, TLanes.Broadcast(k[9])));
            TLanes.Turn(g, h, a, ref b, c, d, e, ref f, TLanes.Add(w10, TLanes.Broadcast(k[10])));
            TLanes.Turn(f, g, h, ref a, b, c, d, ref e, TLanes.Add(w11, TLanes.Broadcast(k[11])));
            TLanes.Turn(e, f, g, ref h, a, b, c, ref d, TLanes.Add(w12, TLanes.Broadcast(k[12])));
            TLanes.Turn(d, e, f, ref g, h, a, b, ref c, TLanes.Add(w13, TLanes.Broadcast(k[13])));
            TLanes.Turn(c, d, e, ref f, g, h, a, ref b, TLanes.Add(w14, TLanes.Broadcast(k[14])));
            TLanes.Turn(b, c, d, ref e, f, g, h, ref a, TLanes.Add(w15, TLanes.Broadcast(k[15])));
            if (k == last) break;

            w0 = TLanes.Schedule(w0, w1, w9, w14);
            w1 = TLanes.Schedule(w1, w2, w10, w15);
            w2 = TLanes.Schedule(w2, w3, w11, w0);
            w3 = TLanes.Schedule(w3, w4, w12, w1);
            w4 = TLanes.Schedule(w4, w5, w13, w2);
            w5 = TLanes.Schedule(w5, w6, w14, w3);
            w6 = TLanes.Schedule(w6, w7, w15, w4);
            w7 = TLanes.Schedule(w7, w8, w0, w5);
            w8 = TLanes.Schedule(w8, w9, w1, w6);
            w9 = TLanes.Schedule(w9, w10, w2, w7);
            w10 = TLanes.Schedule(w10, w11, w3, w8);
            w11 = TLanes.Schedule(w11, w12, w4, w9);
            w12 = TLanes.Schedule(w12, w13, w5, w10);
            w13 = TLanes.Schedule(w13, w14, w6, w11);
            w14 = TLanes.Schedule(w14, w15, w7, w12);
            w15 = TLanes.Schedule(w15, w0, w8, w13);
        }

        Add(state, a, b, c, d, e, f, g, h);
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AbsorbInMemory(State* state, byte* messages, nint* offsets, uint* k)
    {
        var w = stackalloc TVector[Sha256Constants.Rounds];
        TLanes.Load(
            messages, offsets, out w[0], out w[1], out w[2], out w[3], out w[4], out w[5], out w[6], out w[7],
            out w[8], out w[9], out w[10], out w[11], out w[12], out w[13], out w[14], out w[15]);
        for (var t = 16; t < Sha256Constants.Rounds; t++) w[t] = TLanes.Schedule(w[t - 16], w[t - 15], w[t - 7], w[t - 2]);

        var (a, b, c, d, e, f, g, h) = (state->A, state->B, state->C, state->D, state->E, state->F, state->G, state->H);
        for (var last = k + Sha256Constants.Rounds; k < last; k += 8, w += 8)
        {
            TLanes.Turn(a, b, c, ref d, e, f, g, ref h, TLanes.Add(w[0], TLanes.Broadcast(k[0])));
            TLanes.Turn(h, a, b, ref c, d, e, f, ref g, TLanes.Add(w[1], TLanes.Broadcast(k[1])));
            TLanes.Turn(g, h, a, ref b, c, d, e, ref f, TLanes.Add(w[2], TLanes.Broadcast(k[2])));
            TLanes.Turn(f, g, h, ref a, b, c, d, ref e, TLanes.Add(w[3], TLanes.Broadcast(k[3])));
            TLanes.Turn(e, f, g, ref h, a, b, c, ref d, TLanes.Add(w[4], TLanes.Broadcast(k[4])));
            TLanes.Turn(d, e, f, ref g, h, a, b, ref c, TLanes.Add(w[5], TLanes.Broadcast(k[5])));
            TLanes.Turn(c, d, e, ref f, g, h, a, ref b, TLanes.Add(w[6], TLanes.Broadcast(k[6])));
            TLanes.Turn(b, c, d, ref e, f, g, h, ref a, TLanes.Add(w[7], TLanes.Broadcast(k[7])));
        }

        Add(state, a, b, c, d, e, f, g, h);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AbsorbPadding(State* state, uint* scheduled)
    {
        var (a, b, c, d, e, f, g, h) = (state->A, state->B, state->C, state->D, state->E, state->F, state->G, state->H);
        for (var end = scheduled + Sha256Constants.Rounds; scheduled < end; scheduled += 8)
        {
            TLanes.Turn(a, b, c, ref d, e, f, g, ref h, TLanes.Broadcast(scheduled[0]));
            TLanes.Turn(h, a, b, ref c, d, e, f, ref g, TLanes.Broadcast(scheduled[1]));
            TLanes.Turn(g, h, a, ref b, c, d, e, ref f, TLanes.Broadcast(scheduled[2]));
            TLanes.Turn(f, g, h, ref a, b, c, d, ref e, TLanes.Broadcast(scheduled[3]));
            TLanes.Turn(e, f, g, ref h, a, b, c, ref d, TLanes.Broadcast(scheduled[4]));
            TLanes.Turn(d, e, f, ref g, h, a, b, ref c, TLanes.Broadcast(scheduled[5]));
            TLanes.Turn(c, d, e, ref f, g, h, a, ref b, TLanes.Broadcast(scheduled[6]));
            TLanes.Turn(b, c, d, ref e, f, g, h, ref a, TLanes.Broadcast(scheduled[7]));
        }

        Add(state, a, b, c, d, e, f, g, h);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(State* state, TVector a, TVector b, TVector c, TVector d, TVector e, TVector f, TVector g, TVector h)
    {
        state->A = TLanes.Add(state->A, a);
        state->B = TLanes.Add(state->B, b);
        state->C = TLanes.Add(state->C, c);
        state->D = TLanes.Add(state->D, d);
        state->E = TLanes.Add(state->E, e);
        state->F = TLanes.Add(state->F, f);
        state->G = TLanes.Add(state->G, g);
        state->H = TLanes.Add(state->H, h);
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct State
    {
        public TVector A, B, C, D, E, F, G, H;
    }
}
