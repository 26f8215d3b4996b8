using System.Runtime.Intrinsics;
using System.Security.Cryptography;
using CsCheck;
using Shoal.Core;
using Shoal.Core.Hashing;
using Shoal.Core.Merkle;
using Xunit;

namespace Shoal.Unit.Core.Hashing;

public sealed class Sha256LanesTests
{
    private const int Step = Sha256Constants.BlockLength;

    public static TheoryData<int> Widths => [.. Enum.GetValues<LaneWidth>().Select(w => (int)w)];

    [Theory]
    [MemberData(nameof(Widths))]
    public void HashesAsThePlatformDoes_WhateverTheLengthAndNumber(int lanes)
    {
        var width = Supported(lanes);

        Gen.Select(Gen.Int[1, 40], Gen.Int[0, 50], Gen.Int).Sample((steps, count, seed) =>
        {
            var messages = Drawn(count * steps * Step, seed);
            var hashes = new byte[count * Hash256.Length];

            new Sha256Lanes(steps * Step, width).HashEach(messages, hashes);

            Assert.Equal(OneByOne(messages, steps * Step), hashes);
        }, iter: 300);
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void HashesBlocksOfFilesAsThePlatformDoes(int lanes)
    {
        var width = Supported(lanes);

        for (var count = 0; count <= 2 * lanes + 1; count++)
        {
            var messages = Drawn(count * MerkleTree.BlockLength, count);
            var hashes = new byte[count * Hash256.Length];

            new Sha256Lanes(MerkleTree.BlockLength, width).HashEach(messages, hashes);

            Assert.Equal(OneByOne(messages, MerkleTree.BlockLength), hashes);
        }
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void HashesOntoTheMessagesThemselves(int lanes)
    {
        var width = Supported(lanes);

        Gen.Select(Gen.Int[1, 100], Gen.Int).Sample((count, seed) =>
        {
            var messages = Drawn(count * Step, seed);
            var expected = OneByOne(messages, Step);

            new Sha256Lanes(Step, width).HashEach(messages, messages);

            Assert.Equal(expected, messages[..expected.Length]);
        }, iter: 100);
    }

    [Fact]
    public void FillsSixteenLanes_HoweverFewMessages()
    {
        Assert.SkipUnless(Lanes16.IsSupported, "no AVX-512 here");
        FillsLanes<Lanes16, Vector512<uint>>();
    }

    [Fact]
    public void FillsEightLanes_HoweverFewMessages()
    {
        Assert.SkipUnless(Lanes8.IsSupported, "no AVX2 here");
        FillsLanes<Lanes8, Vector256<uint>>();
    }

    [Theory]
    [InlineData(Step)]
    [InlineData(MerkleTree.BlockLength)]
    public void ChoosesWhatThisProcessorHas(int length) => Assert.True(Sha256Lanes.IsSupported(Sha256Lanes.Best(length)));

    [Theory]
    [InlineData(0)]
    [InlineData(-64)]
    [InlineData(63)]
    [InlineData(100)]
    public void RefusesLengthsThatAreNotWholeBlocksOfTheHash(int length) => Assert.Throws<ArgumentOutOfRangeException>(() => new Sha256Lanes(length));

    private static void FillsLanes<TLanes, TVector>()
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        const int length = 3 * Step;
        var padding = new uint[Sha256Constants.Rounds];
        Sha256Constants.WritePadding(length, padding);
        for (var count = 1; count <= TLanes.Count; count++)
        {
            var messages = Drawn(count * length, count);
            var hashes = new byte[count * Hash256.Length];

            LaneHash<TLanes, TVector>.Hash(messages, count, length, padding, hashes);

            Assert.Equal(OneByOne(messages, length), hashes);
        }
    }

    private static LaneWidth Supported(int lanes)
    {
        Assert.SkipUnless(Sha256Lanes.IsSupported((LaneWidth)lanes), $"no {lanes} lanes on this processor");
        return (LaneWidth)lanes;
    }

    private static byte[] OneByOne(byte[] messages, int length) => [.. messages.Chunk(length).SelectMany(SHA256.HashData)];

    private static byte[] Drawn(int length, int seed)
    {
        var data = new byte[length];
        new Random(seed).NextBytes(data);
        return data;
    }
}
