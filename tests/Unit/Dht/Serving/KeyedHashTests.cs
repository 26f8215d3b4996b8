using Shoal.Dht.Serving;
using Xunit;

namespace Shoal.Unit.Dht.Serving;

/// <summary>Vectors of the reference code of SipHash-2-4 (github.com/veorq/SipHash, vectors.h): key and input count upwards from zero.</summary>
public sealed class KeyedHashTests
{
    [Theory]
    [InlineData(0, 0x726fdb47dd0e0e31)]
    [InlineData(1, 0x74f839c593dc67fd)]
    [InlineData(7, 0xab0200f58b01d137)]
    [InlineData(8, 0x93f5f5799a932462)]
    [InlineData(15, 0xa129ca6149be45e5)]
    public void GivesTheHashOfTheReference(int length, ulong expected)
    {
        var counting = Enumerable.Range(0, 16).Select(i => (byte)i).ToArray();

        Assert.Equal(expected, new KeyedHash(counting).Of(counting.AsSpan(0, length)));
    }
}
