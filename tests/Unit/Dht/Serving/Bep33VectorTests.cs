using System.Net;
using Shoal.Core;
using Shoal.Dht.Serving;
using Xunit;

namespace Shoal.Unit.Dht.Serving;

/// <summary>The test vector of BEP 33.</summary>
public sealed class Bep33VectorTests
{
    private const string Expected =
        "F6C3F5EAA07FFD91BDE89F777F26FB2BFF37BDB8FB2BBAA2FD3DDDE7BACFFF75EE7CCBAEFE5EEDB1FBFAFF67F6ABFF5E43DDBCA3FD9B9FFDF4FFD3E9DFF12D1B"
        + "DF59DB53DBE9FA5B7FF3B8FDFCDE1AFB8BEDD7BE2F3EE71EBBBFE93BCDEEFE148246C2BC5DBFF7E7EFDCF24FD8DC7ADFFD8FFFDFDDFFF7A4BBEEDF5CB95CE81F"
        + "C7FCFF1FF4FFFFDFE5F7FDCBB7FD79B3FA1FC77BFE07FFF905B7B7FFC7FEFEFFE0B8370BB0CD3F5B7F2BD93FEB4386CFDD6F7FD5BFAF2E9EBFFFFEECD67ADBF7"
        + "C67F17EFD5D75EBA6FFEBA7FFF47A91EB1BFBB53E8ABFB5762ABE8FF237279BFEFBFEEF5FFC5FEBFDFE5ADFFADFEE1FB737FFFFBFD9F6AEFFEEE76B6FD8F72EF";

    [Fact]
    public void SetsTheBitsOfTheText_AndEstimatesAsItDoes()
    {
        var filter = new ScrapeFilter();
        for (var i = 0; i <= 255; i++) filter.Add(new NetEndPoint(new IPAddress([192, 0, 2, (byte)i]), 6881));
        for (var i = 0; i <= 0x3E7; i++) filter.Add(V6(i));

        Assert.Equal(Expected, Convert.ToHexString(filter.Bytes));
        Assert.InRange(filter.Estimate, 1224.9308, 1224.9309);
    }

    [Fact]
    public void HoldsBoth_WhenUnited()
    {
        var (v4, v6) = (new ScrapeFilter(), new ScrapeFilter());
        for (var i = 0; i <= 255; i++) v4.Add(new NetEndPoint(new IPAddress([192, 0, 2, (byte)i]), 1));
        for (var i = 0; i <= 0x3E7; i++) v6.Add(V6(i));

        v4.Union(new ScrapeFilter(v6.Bytes));

        Assert.Equal(Expected, Convert.ToHexString(v4.Bytes));
    }

    [Fact]
    public void EstimatesNothing_WhenEmpty() => Assert.Equal(0, new ScrapeFilter().Estimate);

    [Fact]
    public void EstimatesSomething_WhenFull()
    {
        var full = new byte[ScrapeFilter.Length];
        full.AsSpan().Fill(0xFF);

        Assert.InRange(new ScrapeFilter(full).Estimate, 6000, 10_000);
    }

    private static NetEndPoint V6(int last) => new(new IPAddress([0x20, 0x01, 0x0D, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, (byte)(last >> 8), (byte)last]), 6881);
}
