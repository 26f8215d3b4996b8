using System.Net;
using Shoal.Core;
using Shoal.Engine.Peers;
using Xunit;

namespace Shoal.Unit.Engine;

public sealed class AllowedFastTests
{
    private static readonly Hash160 Key = new([.. Enumerable.Repeat((byte)0xAA, 20)]);

    [Theory]
    [InlineData(7, new[] { 1059, 431, 808, 1217, 287, 376, 1188 })]
    [InlineData(9, new[] { 1059, 431, 808, 1217, 287, 376, 1188, 353, 508 })]
    public void GivesTheSetOfTheSpecification(int size, int[] expected) => Assert.Equal(expected, Set("80.4.4.200", 1313, size));

    [Fact]
    public void IsTheSameForANetwork() => Assert.Equal(Set("80.4.4.200", 1313, 10), Set("80.4.4.1", 1313, 10));

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    public void IsAllOfATorrentOfFewPieces(int pieces) => Assert.Equal(Enumerable.Range(0, pieces), Set("80.4.4.200", pieces, 10).Order());

    [Fact]
    public void IsEmptyForIPv6() => Assert.Empty(Set("2001:db8::1", 1313, 10));

    [Theory]
    [InlineData(16 * 1024, 10)]
    [InlineData(2 * 1024 * 1024, 4)]
    [InlineData(512 * 1024 * 1024, 1)]
    public void GivesAwayFewLargePieces(int pieceLength, int expected) => Assert.Equal(expected, AllowedFast.SizeFor(pieceLength));

    private static IEnumerable<int> Set(string address, int pieces, int size) =>
        AllowedFast.SetOf(new NetEndPoint(IPAddress.Parse(address), 1), Key, pieces, size).Select(p => p.Value);
}
