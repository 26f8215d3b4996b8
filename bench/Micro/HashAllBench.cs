using System.Diagnostics;
using System.Globalization;
using Shoal.Core;
using Shoal.Core.Merkle;

namespace Shoal.Micro;

/// <summary>Hashes a piece of 1 MiB again and again on every core: what hashing takes when nothing is read.</summary>
internal static class HashAllBench
{
    private const int PieceLength = 1 << 20;
    private const int PieceHeight = 6;

    public static int Run(long bytes, TextWriter output)
    {
        var cores = Environment.ProcessorCount;
        var pieces = bytes / PieceLength;
        HashPieces(16);
        var start = Stopwatch.GetTimestamp();
        var threads = Enumerable.Range(0, cores).Select(core => new Thread(() => HashPieces((pieces + core) / cores))).ToList();
        foreach (var thread in threads) thread.Start();
        foreach (var thread in threads) thread.Join();

        output.WriteLine(Stopwatch.GetElapsedTime(start).TotalSeconds.ToString(CultureInfo.InvariantCulture));
        Console.In.ReadToEnd();
        return 0;
    }

    private static void HashPieces(long count)
    {
        var (piece, root) = (new byte[PieceLength], new byte[PieceLength / 2]);
        new Random(1).NextBytes(piece);
        for (var i = 0L; i < count; i++) MerkleTree.Root(piece, PieceHeight, root);
    }
}
