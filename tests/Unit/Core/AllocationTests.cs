using Shoal.Core;
using Shoal.Core.Bencode;
using Shoal.Core.Geometry;
using Shoal.Core.Merkle;
using Shoal.Unit.Core.Bencode;
using Shoal.Unit.Core.Metainfo;
using Xunit;

namespace Shoal.Unit.Core;

public sealed class AllocationTests
{
    [Fact]
    public void WalkingBencodeAllocatesNothing()
    {
        var bytes = Ben.Of(Sample.Torrent(Sample.Info, Sample.Layers));

        AssertFree(() =>
        {
            var reader = new BencodeReader(bytes);
            reader.TryEnterDictionary();
            while (reader.TryReadKey(out _)) reader.TryReadRaw(out _);
            reader.TryLeave();
            BencodeValidator.TryMeasure(bytes, out _);
        });
    }

    [Fact]
    public void HashingAPieceAllocatesNothing()
    {
        var data = new byte[37 * MerkleTree.BlockLength + 7];
        var scratch = new byte[38 * Hash256.Length];

        AssertFree(() =>
        {
            MerkleTree.HashLeaves(data, scratch);
            MerkleTree.Fold(scratch, 0, 6);
            MerkleTree.Root(data, 7, scratch);
        });
    }

    [Fact]
    public void ProvingHashesAllocatesNothing()
    {
        var range = new HashRange(0, 8, 8, 5);
        var hashes = new byte[range.TotalHashes * Hash256.Length];

        AssertFree(() => range.Proves(hashes, default, 6));
    }

    [Fact]
    public void BitfieldsAllocateNothing()
    {
        var (mine, theirs) = (new Bitfield(1000), new Bitfield(1000));
        var wire = new byte[mine.ByteLength];

        AssertFree(() =>
        {
            mine.Set(70);
            mine.NextSet(0);
            mine.NextClear(70);
            mine.Lacks(theirs);
            mine.CopyTo(wire);
            mine.Clear(70);
            theirs.SetAll();
            theirs.ClearAll();
        });
    }

    [Fact]
    public void AskingTheGeometryAllocatesNothing()
    {
        Assert.True(TorrentGeometry.TryCreate(16384, [5, 0, 100_000, 7], out var geometry));

        AssertFree(() =>
        {
            geometry.TryBlock(2, 0, 16384, out _);
            foreach (var span in geometry.SpansOf(new PieceIndex(2))) _ = span.Offset;
            geometry.LengthOf(new PieceIndex(2));
        });
    }

    [Fact]
    public void EndPointsAndHashesAllocateNothing()
    {
        var bytes = new byte[32];

        AssertFree(() =>
        {
            NetEndPoint.TryReadCompact(bytes.AsSpan(0, 18), out var endPoint);
            endPoint.IsUsableFrom(NetworkScope.Global);
            endPoint.WriteCompact(bytes);
            var hash = new Hash256(bytes);
            (hash.Truncated ^ hash.Truncated).CopyTo(bytes);
        });
    }

    private static void AssertFree(Action action)
    {
        for (var i = 0; i < 100; i++) action();

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++) action();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
