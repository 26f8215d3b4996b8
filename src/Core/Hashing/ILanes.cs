namespace Shoal.Core.Hashing;

/// <summary>A vector of 32-bit words, one from each of <see cref="Count"/> messages, and what SHA-256 does to it (FIPS 180-4).</summary>
internal unsafe interface ILanes<TVector>
    where TVector : unmanaged
{
    static abstract bool IsSupported { get; }

    static abstract int Count { get; }

    /// <summary>The fewest messages for which filling the lanes takes less time than hashing one by one.</summary>
    static abstract int Least { get; }

    /// <summary>The same for messages of a block or two.</summary>
    static abstract int LeastShort { get; }

    /// <summary>Whether there are registers for sixteen words of the schedule beside the eight of the hash.</summary>
    static abstract bool HoldsSchedule { get; }

    /// <summary>The same word in every lane.</summary>
    static abstract TVector Broadcast(uint word);

    static abstract TVector Add(TVector left, TVector right);

    /// <summary>One round (6.2.2); the eight words are renamed by the caller instead of moved.</summary>
    /// <param name="scheduled">K plus the word of the schedule.</param>
    static abstract void Turn(TVector a, TVector b, TVector c, ref TVector d, TVector e, TVector f, TVector g, ref TVector h, TVector scheduled);

    /// <summary>The word of the schedule sixteen after <paramref name="w0"/>.</summary>
    static abstract TVector Schedule(TVector w0, TVector w1, TVector w9, TVector w14);

    /// <summary>Reads 64 bytes of each message and turns them: the first words of all messages, the second words, and so on.</summary>
    /// <param name="offsets">Where each message is, from <paramref name="messages"/>.</param>
    static abstract void Load(
        byte* messages, nint* offsets,
        out TVector w0, out TVector w1, out TVector w2, out TVector w3, out TVector w4, out TVector w5, out TVector w6, out TVector w7,
        out TVector w8, out TVector w9, out TVector w10, out TVector w11, out TVector w12, out TVector w13, out TVector w14, out TVector w15);

    /// <summary>Turns the eight words of all hashes back and writes <see cref="Count"/> hashes.</summary>
    static abstract void Store(TVector a, TVector b, TVector c, TVector d, TVector e, TVector f, TVector g, TVector h, byte* hashes);
}
