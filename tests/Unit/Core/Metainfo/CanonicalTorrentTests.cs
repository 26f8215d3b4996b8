using System.Text;
using CsCheck;
using Shoal.Core;
using Shoal.Core.Merkle;
using Shoal.Core.Metainfo;
using Shoal.Unit.Core.Merkle;
using Xunit;
using Hash = Shoal.Core.Hash;

namespace Shoal.Unit.Core.Metainfo;

public sealed class CanonicalTorrentTests
{
    private const int Block = MerkleTree.BlockLength;

    private static readonly FileId Root = new(Hash.Sha256("x"u8));

    [Theory]
    [InlineData(1, 262144)]
    [InlineData(262144, 262144)]
    [InlineData(1L << 30, 262144)]
    [InlineData((1L << 30) + 1, 524288)]
    [InlineData(1L << 31, 524288)]
    [InlineData(1L << 36, 16777216)]
    [InlineData((1L << 36) + 1, 16777216)]
    public void IsExactlyTheseBytes(long length, int pieceLength)
    {
        var hex = Convert.ToHexStringLower(Root.Value.ToArray());
        byte[] expected =
        [
            .. Encoding.ASCII.GetBytes($"d9:file treed64:{hex}d0:d6:lengthi{length}e11:pieces root32:"), .. Root.Value.ToArray(),
            .. Encoding.ASCII.GetBytes($"eee12:meta versioni2e4:name64:{hex}12:piece lengthi{pieceLength}ee"),
        ];

        Assert.Equal(expected, CanonicalTorrent.Write(Root, length));
        Assert.Equal(Hash.Sha256(expected), CanonicalTorrent.NameOf(Root, length).Value);
        Assert.InRange(expected.Length, CanonicalTorrent.MinSize, CanonicalTorrent.MaxSize);
        Assert.True(CanonicalTorrent.TryRead(expected, out var read));
        Assert.Equal((hex, length, Root), (read.Name, read.Length, read.Files[0].Id));
    }

    [Theory] // computed elsewhere
    [InlineData(1, "75121a39617ca71987eed75f59b0231b4be53a920b111d7af6b830b0ce7ec60a")]
    [InlineData(300_000, "059c98e7266672855434e35d259d9176668b4a48a5125452d45b5ff5469174ec")]
    [InlineData(1L << 40, "00c6d6a4435b9efbf7d4d300c147e996e6ecfd98cbb962c42589ffd62fefcfc6")]
    public void HasThisName(long length, string hex) => Assert.Equal(hex, CanonicalTorrent.NameOf(Root, length).ToString());

    [Fact]
    public void ReadsBackWhatItWrites_WhateverTheLength() =>
        Gen.Long[1, 1L << 46].Sample(length => CanonicalTorrent.TryRead(CanonicalTorrent.Write(Root, length), out var info) && info.Length == length);

    [Fact]
    public void IsNothingElse_WhateverByteChanges() =>
        Gen.Select(Gen.Long[1, 1L << 40], Gen.Int[0, CanonicalTorrent.MinSize - 1], Gen.Int[1, 255]).Sample((length, at, flip) =>
        {
            var bytes = CanonicalTorrent.Write(Root, length);
            bytes[at] ^= (byte)flip;
            return !CanonicalTorrent.TryRead(bytes, out var info) || (info.Length, info.Files[0].Id) != (length, Root);
        });

    [Fact]
    public void IsNotATorrentOfTheSameFile_ByAnotherNameOrPieceLength()
    {
        var hex = Root.ToString();
        TorrentFile file = new() { Path = [hex], Length = 1 << 20, Id = Root };

        Assert.True(CanonicalTorrent.Is(TorrentInfoWriter.Write(hex, 262144, [file])));
        Assert.False(CanonicalTorrent.Is(TorrentInfoWriter.Write(hex, 524288, [file])));
        Assert.False(CanonicalTorrent.Is(TorrentInfoWriter.Write(hex, 262144, [file], isPrivate: true)));
        Assert.False(CanonicalTorrent.Is(TorrentInfoWriter.Write(hex, 262144, [file with { IsExecutable = true }])));
        Assert.False(CanonicalTorrent.Is(TorrentInfoWriter.Write("film", 262144, [file with { Path = ["film"] }])));
        Assert.False(CanonicalTorrent.TryRead(TorrentInfoWriter.Write("film", 262144, [file]).Bytes, out _));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(Block)]
    [InlineData(Block + 1)]
    [InlineData(5 * Block + 100)]
    [InlineData(16 * Block)]
    [InlineData(33 * Block - 1)]
    public void IsNamedByItsFile(int length)
    {
        var info = CanonicalTorrent.Create(new FileId(new Hash256(NaiveTree.Over(Content(length)).Root)), length);

        Assert.True(CanonicalTorrent.IsNamed(info, info.Files[0].Id.Value));
        Assert.False(CanonicalTorrent.IsNamed(info, Root.Value));
    }

    [Fact]
    public void IsNamedByTheChunkThatItIs_LastAndPaddedOrNot() =>
        Gen.Select(Gen.Int[1, 40 * Block], Gen.Int[0, 4], Gen.Int[0, 40]).Sample((length, height, at) =>
        {
            var (content, piece) = (Content(length), Block << height);
            var start = (long)at * piece;
            if (start >= length) return;

            var tree = NaiveTree.Over(content);
            var chunk = content[(int)start..(int)Math.Min(length, start + piece)];
            var isOnly = length <= piece;
            var id = new Hash256(isOnly ? tree.Root : tree.Used(height, (at + 1) << height)[(at * Hash256.Length)..]);
            var info = CanonicalTorrent.Create(new FileId(new Hash256(NaiveTree.Over(chunk).Root)), chunk.Length);

            Assert.True(CanonicalTorrent.IsNamed(info, id));
        });

    [Theory]
    [InlineData(10, true)]
    [InlineData(11, false)]
    public void IsPaddedByTenLevelsAtMost(int levels, bool isNamed)
    {
        var node = NaiveTree.Over(Content(100)).Root;
        var info = CanonicalTorrent.Create(new FileId(new Hash256(node)), 100);
        for (var level = 0; level < levels; level++) MerkleTree.HashPair(node, MerkleTree.PadHash(level), node);

        Assert.Equal(isNamed, CanonicalTorrent.IsNamed(info, new Hash256(node)));
    }

    private static byte[] Content(int length)
    {
        var bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        return bytes;
    }
}
