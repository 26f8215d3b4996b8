using System.Security.Cryptography;
using CsCheck;
using Shoal.Core;
using Shoal.Core.Merkle;
using Xunit;

namespace Shoal.Unit.Core.Merkle;

public sealed class MerkleTreeTests
{
    private const int Block = MerkleTree.BlockLength;

    public static TheoryData<int> Sizes =>
        [1, 2, Block - 1, Block, Block + 1, 2 * Block - 1, 2 * Block, 2 * Block + 1, 3 * Block, 4 * Block, 4 * Block + 1, 5 * Block, 7 * Block - 3, 16 * Block, 17 * Block + 5, 32 * Block - 1, 39 * Block, 64 * Block, 65 * Block + 1];

    [Theory]
    [MemberData(nameof(Sizes))]
    public void FindsTheRootOfEverySize(int size)
    {
        var data = Data(size);
        var naive = NaiveTree.Over(data);
        var blocks = (int)MerkleTree.BlockCount(size);

        Assert.Equal(naive.Height, MerkleTree.HeightOf(blocks));
        Assert.Equal(new Hash256(naive.Root), MerkleTree.Root(data, naive.Height, new byte[blocks * 32]));
    }

    [Fact]
    public void PadsAShortSubtreeToItsHeight() => Gen.Select(Gen.Int[1, 20], Gen.Int[0, 4]).Sample((leaves, extra) =>
    {
        var hashes = Leaves(leaves);
        var naive = new NaiveTree(hashes, MerkleTree.HeightOf(leaves) + extra);

        Assert.Equal(new Hash256(naive.Root), MerkleTree.Fold(hashes.SelectMany(h => h).ToArray(), 0, naive.Height));
    }, iter: 200);

    [Fact]
    public void FoldsFromAnyLayer() => Gen.Select(Gen.Int[1, 70], Gen.Int[0, 3]).Sample((leaves, from) =>
    {
        var naive = new NaiveTree(Leaves(leaves), MerkleTree.HeightOf(leaves));
        if (from > naive.Height) return;

        Assert.Equal(new Hash256(naive.Root), MerkleTree.Fold(naive.Used(from, leaves), from, naive.Height));
    }, iter: 200);

    [Fact]
    public void KnowsTheRootsOfNothing()
    {
        var expected = new byte[32];
        for (var height = 0; height <= MerkleTree.MaxHeight; height++)
        {
            Assert.Equal(expected, MerkleTree.PadHash(height).ToArray());
            expected = SHA256.HashData([.. expected, .. expected]);
        }
    }

    [Theory]
    [InlineData(0, 0, 0)]
    [InlineData(1, 1, 0)]
    [InlineData(Block, 1, 0)]
    [InlineData(Block + 1, 2, 1)]
    [InlineData(3L * Block, 3, 2)]
    [InlineData(4L * Block, 4, 2)]
    [InlineData(4L * Block + 1, 5, 3)]
    [InlineData(long.MaxValue, 1L << 49, 49)]
    public void CountsBlocksAndLayers(long length, long blocks, int height)
    {
        Assert.Equal(blocks, MerkleTree.BlockCount(length));
        Assert.Equal(height, MerkleTree.HeightOf(blocks));
    }

    private static byte[] Data(int size)
    {
        var data = new byte[size];
        new Random(size).NextBytes(data);
        return data;
    }

    private static List<byte[]> Leaves(int count) => [.. Enumerable.Range(0, count).Select(i => SHA256.HashData(BitConverter.GetBytes(i)))];
}
