using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using System.Security.Cryptography;

namespace Shoal.Core.Hashing;

/// <summary>SHA-256 of many messages of one length, as many at once as this processor does best. Holds nothing that changes.</summary>
internal sealed class Sha256Lanes
{
    /// <summary>Below this length a call of the platform's hash costs more than what it hashes.</summary>
    private const int ShortLength = 256;

    private readonly int _length;
    private readonly LaneWidth _width;
    private readonly uint[] _padding = new uint[Sha256Constants.Rounds];

    /// <param name="length">Of each message; a multiple of 64.</param>
    public Sha256Lanes(int length)
        : this(length, Best(length))
    {
    }

    internal Sha256Lanes(int length, LaneWidth width)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(length);
        ArgumentOutOfRangeException.ThrowIfNotEqual(length % Sha256Constants.BlockLength, 0);
        (_length, _width) = (length, width);
        Sha256Constants.WritePadding(length, _padding);
    }

    /// <summary>
    /// Sixteen lanes beat the processor's SHA instructions, which the platform's hash uses, by 2.5 to 1. Eight reach 0.6 of those, but for messages so
    /// short that the platform's calls are what costs; without SHA instructions they are more than twice as fast as the platform. Measured by <c>bench/Micro</c>.
    /// A program compiled ahead has the lanes of the processor it was compiled for; ILC has no way to ask at run time.
    /// </summary>
    internal static LaneWidth Best(int length) =>
        Lanes16.IsSupported ? LaneWidth.Sixteen
        : Lanes8.IsSupported && (length < ShortLength || !HasShaInstructions()) ? LaneWidth.Eight
        : LaneWidth.One;

    internal static bool IsSupported(LaneWidth width) => width switch
    {
        LaneWidth.Sixteen => Lanes16.IsSupported,
        LaneWidth.Eight => Lanes8.IsSupported,
        _ => true,
    };

    /// <summary>Hashes messages that lie one after the other.</summary>
    /// <param name="hashes">32 bytes for each message; may begin where the messages do.</param>
    public void HashEach(ReadOnlySpan<byte> messages, Span<byte> hashes)
    {
        switch (_width)
        {
            case LaneWidth.Sixteen:
                HashEach<Lanes16, Vector512<uint>>(messages, hashes);
                break;
            case LaneWidth.Eight:
                HashEach<Lanes8, Vector256<uint>>(messages, hashes);
                break;
            default:
                HashOneByOne(messages, hashes);
                break;
        }
    }

    private void HashEach<TLanes, TVector>(ReadOnlySpan<byte> messages, Span<byte> hashes)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        var least = _length < ShortLength ? TLanes.LeastShort : TLanes.Least;
        var count = messages.Length / _length;
        while (count >= least)
        {
            var now = Math.Min(count, TLanes.Count);
            LaneHash<TLanes, TVector>.Hash(messages, now, _length, _padding, hashes);
            messages = messages[(now * _length)..];
            hashes = hashes[(now * Hash256.Length)..];
            count -= now;
        }

        HashOneByOne(messages, hashes);
    }

    private void HashOneByOne(ReadOnlySpan<byte> messages, Span<byte> hashes)
    {
        for (; messages.Length > 0; messages = messages[_length..], hashes = hashes[Hash256.Length..]) SHA256.HashData(messages[.._length], hashes);
    }

    private static bool HasShaInstructions()
    {
        const int features = 7, sha = 1 << 29; // CPUID leaf 7, EBX
        return X86Base.IsSupported && X86Base.CpuId(0, 0).Eax >= features && (X86Base.CpuId(features, 0).Ebx & sha) != 0;
    }
}
