using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using Shoal.Core;
using Shoal.Core.Hashing;
using Shoal.Core.Merkle;

namespace Shoal.Micro;

/// <summary>
/// Bytes that one core hashes in a second, in each way that this processor offers: 64 MiB in pieces of 1 MiB, so that the data comes from memory
/// as it does in life. The ways take turns; medians of nine.
/// </summary>
internal static class HashBench
{
    private const int Repeats = 9;
    private const int PieceLength = 1 << 20;
    private const int Pieces = 64;

    public static int Run(TextWriter output)
    {
        var data = GC.AllocateUninitializedArray<byte>(Pieces * PieceLength);
        new Random(1).NextBytes(data);
        var hashes = new byte[PieceLength / 2];
        var ways = new List<Way> { new("one stream", piece => SHA256.HashData(piece, hashes)) };
        foreach (var (what, length) in new[] { ("blocks of 16 KiB", MerkleTree.BlockLength), ("pairs of 64 bytes", 2 * Hash256.Length) })
        {
            foreach (var width in Enum.GetValues<LaneWidth>().Where(Sha256Lanes.IsSupported))
            {
                var lanes = new Sha256Lanes(length, width);
                ways.Add(new($"{what}, {width}", piece => lanes.HashEach(piece, hashes)));
            }
        }

        ways.Add(new("piece of 1 MiB to its root", piece => MerkleTree.Root(piece, 6, hashes)));

        for (var repeat = 0; repeat < Repeats; repeat++)
        {
            foreach (var way in ways)
            {
                var start = Stopwatch.GetTimestamp();
                for (var i = 0; i < Pieces; i++) way.Hash(data.AsSpan(i * PieceLength, PieceLength));
                way.Rates[repeat] = data.Length / Stopwatch.GetElapsedTime(start).TotalSeconds / 1e9;
            }
        }

        output.WriteLine($"SHA-256 of {Pieces} MiB on one core; chosen here for blocks: {Sha256Lanes.Best(MerkleTree.BlockLength)}, for pairs: {Sha256Lanes.Best(2 * Hash256.Length)}");
        output.WriteLine();
        output.WriteLine($"{"way",-30}{"GB/s",8}{"least",8}{"most",8}{"x one stream",14}");
        foreach (var way in ways) Array.Sort(way.Rates);
        foreach (var way in ways)
        {
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{way.Name,-30}{way.Median,8:N2}{way.Rates[0],8:N2}{way.Rates[^1],8:N2}{way.Median / ways[0].Median,14:N2}"));
        }

        return 0;
    }

    private sealed record Way(string Name, HashPiece Hash)
    {
        public double[] Rates { get; } = new double[Repeats];

        public double Median => Rates[Repeats / 2];
    }

    private delegate void HashPiece(ReadOnlySpan<byte> piece);
}
