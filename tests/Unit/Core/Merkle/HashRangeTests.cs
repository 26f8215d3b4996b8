using System.Security.Cryptography;
using CsCheck;
using Shoal.Core;
using Shoal.Core.Merkle;
using Xunit;

namespace Shoal.Unit.Core.Merkle;

public sealed class HashRangeTests
{
    private static readonly int[] LeafCounts = [2, 3, 4, 5, 7, 8, 9, 31, 32, 33, 100, 1024, 1025, 1500];

    private static readonly Dictionary<int, NaiveTree> Trees = LeafCounts.ToDictionary(n => n, n => new NaiveTree(Leaves(n), MerkleTree.HeightOf(n)));

    private static readonly Gen<(int Leaves, HashRange Range)> Fitting =
        Gen.Select(Gen.OneOf(LeafCounts), Gen.Int[0, 10], Gen.Int[1, 9], Gen.Int[0, 2000], Gen.Int[0, 11]).Select((leaves, layer, log, at, proof) =>
        {
            var height = Trees[leaves].Height;
            layer %= height;
            var length = 1 << Math.Min(log, height - layer);
            return (leaves, new HashRange(layer, at % ((1 << (height - layer)) / length) * length, length, proof % (height - layer)));
        });

    [Fact]
    public void AnswersAsLibtorrentDoes() => Fitting.Sample((leaves, range) =>
    {
        var tree = Trees[leaves];
        var expected = tree.Answer(range.BaseLayer, range.Index, range.Length, range.ProofLayers);
        var answer = new byte[range.TotalHashes * 32];

        range.CopyFrom(tree.Used(range.BaseLayer, leaves), answer);

        Assert.True(range.FitsTree(tree.Height));
        Assert.Equal(expected, answer);
    }, iter: 1000);

    [Fact]
    public void ProvesWhatReachesTheRootAndNothingElse() => Fitting.Sample((leaves, range) =>
    {
        var tree = Trees[leaves];
        var hashes = tree.Answer(range.BaseLayer, range.Index, range.Length, range.ProofLayers);
        var reachesRoot = hashes.Length / 32 == range.Length
            ? 1 << (tree.Height - range.BaseLayer) == range.Length
            : range.ProofLayers == tree.Height - range.BaseLayer - 1;

        Assert.Equal(reachesRoot, range.Proves(hashes, new Hash256(tree.Root), tree.Height));
    }, iter: 1000);

    [Fact]
    public void ProvesNothing_WhenAnyBitIsFlipped() => Gen.Select(Fitting, Gen.Int[0, int.MaxValue]).Sample((fitting, at) =>
    {
        var tree = Trees[fitting.Leaves];
        var range = fitting.Range with { ProofLayers = tree.Height - fitting.Range.BaseLayer - 1 };
        var hashes = tree.Answer(range.BaseLayer, range.Index, range.Length, range.ProofLayers);
        Assert.True(range.Proves(hashes, new Hash256(tree.Root), tree.Height));

        hashes[at % hashes.Length] ^= (byte)(1 << (at % 8));
        Assert.False(range.Proves(hashes, new Hash256(tree.Root), tree.Height));
    }, iter: 1000);

    [Fact]
    public void ProvesNothing_WhenTheHashesBelongElsewhere() => Gen.Select(Fitting, Gen.Int[1, 100]).Sample((fitting, shift) =>
    {
        var tree = Trees[fitting.Leaves];
        var range = fitting.Range with { ProofLayers = tree.Height - fitting.Range.BaseLayer - 1 };
        var other = range with { Index = (range.Index + shift * range.Length) % (1 << (tree.Height - range.BaseLayer)) };
        var hashes = tree.Answer(range.BaseLayer, range.Index, range.Length, range.ProofLayers);
        var answerThere = tree.Answer(other.BaseLayer, other.Index, other.Length, other.ProofLayers);

        Assert.Equal(hashes.SequenceEqual(answerThere), other.Proves(hashes, new Hash256(tree.Root), tree.Height));
        Assert.False(range.Proves(hashes.AsSpan(32), new Hash256(tree.Root), tree.Height));
        Assert.False(range.Proves([.. hashes, .. new byte[32]], new Hash256(tree.Root), tree.Height));
    }, iter: 500);

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(33)]
    [InlineData(1024)]
    [InlineData(1025)]
    [InlineData(1500)]
    public void CoversALayerWithProvenRanges(int leaves)
    {
        var tree = Trees[leaves];
        for (var layer = 0; layer < tree.Height; layer++)
        {
            var used = tree.Used(layer, leaves);
            var received = new List<byte>();
            foreach (var range in HashRange.CoverLayer(layer, tree.Height, used.Length / 32))
            {
                var answer = new byte[range.TotalHashes * 32];
                range.CopyFrom(used, answer);

                Assert.True(range.Proves(answer, new Hash256(tree.Root), tree.Height));
                Assert.Equal(received.Count, range.Index * 32);
                received.AddRange(answer.Take(range.Length * 32));
            }

            Assert.Equal(used, received.Take(used.Length));
        }
    }

    [Fact]
    public void CoversNothing_WhenTheLayerIsTheRoot() => Assert.Empty(HashRange.CoverLayer(4, 4, 1));

    [Theory]
    [InlineData(0, 0, 2, 0)]
    [InlineData(0, 30, 2, 4)]
    [InlineData(4, 0, 2, 0)]
    [InlineData(0, 0, 32, 4)]
    [InlineData(0, 16, 16, 4)]
    public void FitsATree(int layer, int index, int length, int proof) => Assert.True(new HashRange(layer, index, length, proof).FitsTree(5));

    [Theory]
    [InlineData(-1, 0, 2, 0)]
    [InlineData(5, 0, 2, 0)]
    [InlineData(0, 0, 0, 0)]
    [InlineData(0, 0, 1, 0)]
    [InlineData(0, 0, 3, 0)]
    [InlineData(0, 0, -2, 0)]
    [InlineData(0, 0, 64, 0)]
    [InlineData(0, 0, 1024, 0)]
    [InlineData(0, 1, 2, 0)]
    [InlineData(0, -2, 2, 0)]
    [InlineData(0, 32, 2, 0)]
    [InlineData(4, 2, 2, 0)]
    [InlineData(0, 0, 2, -1)]
    [InlineData(0, 0, 2, 5)]
    [InlineData(3, 0, 2, 2)]
    [InlineData(0, int.MaxValue - 1, 2, 0)]
    [InlineData(int.MaxValue, int.MaxValue, int.MaxValue, int.MaxValue)]
    [InlineData(int.MinValue, int.MinValue, int.MinValue, int.MinValue)]
    public void DoesNotFit(int layer, int index, int length, int proof) => Assert.False(new HashRange(layer, index, length, proof).FitsTree(5));

    [Fact]
    public void NeverThrows_WhateverAPeerAsks()
    {
        var number = Gen.OneOf(Gen.Int, Gen.Int[-2, 70], Gen.OneOf(int.MinValue, int.MaxValue, 1 << 26, 1 << 27, 1 << 30, 2, 512));
        Gen.Select(number, number, number, number, Gen.Int[0, MerkleTree.MaxHeight]).Sample((layer, index, length, proof, height) =>
        {
            var range = new HashRange(layer, index, length, proof);
            Assert.False(range.Proves(new byte[64], default, height));
            if (!range.FitsTree(height)) return;

            Assert.InRange(range.TotalHashes, 2, HashRange.MaxLength + MerkleTree.MaxHeight);
            range.CopyFrom(new byte[96], new byte[range.TotalHashes * 32]);
        }, iter: 20000);
    }

    [Theory]
    [InlineData(1 << 26)]
    [InlineData(1 << 27)]
    [InlineData(int.MaxValue - 1)]
    public void GivesPadding_FarBeyondTheLayer(int index)
    {
        var range = new HashRange(0, index, 2, 1);
        var answer = new byte[range.TotalHashes * 32];
        answer.AsSpan().Fill(1);

        Assert.True(range.FitsTree(37));
        range.CopyFrom(SHA256.HashData([]), answer);

        Assert.Equal([.. new byte[64], .. SHA256.HashData(new byte[64])], answer);
    }

    private static List<byte[]> Leaves(int count) => [.. Enumerable.Range(0, count).Select(i => SHA256.HashData(BitConverter.GetBytes(i)))];
}
