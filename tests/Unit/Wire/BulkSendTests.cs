using Shoal.Wire;
using Xunit;

namespace Shoal.Unit.Wire;

public sealed class BulkSendTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(50)]
    [InlineData(1 << 20)]
    public void KeepsTheBytesOfEveryRun_HoweverManyWereExpected(int expected)
    {
        using var bulk = new BulkSend();
        var sent = new List<byte>();
        bulk.Begin(expected);
        for (var run = 0; run < 4; run++)
        {
            var bytes = new byte[7_000 * (run + 1)];
            new Random(run).NextBytes(bytes);
            bytes.CopyTo(bulk.Room(bytes.Length));
            foreach (var block in bytes.Chunk(7_000))
            {
                var request = new BlockRequest(run, 7_000 * bulk.Blocks, block.Length);
                bulk.Add(request);
                var header = new byte[MessageWriter.PieceHeaderLength];
                MessageWriter.WritePieceHeader(header, request);
                sent.AddRange([.. header, .. block]);
            }
        }

        Assert.Equal(sent, bulk.Segments.SelectMany(s => s));
        Assert.Equal(10, bulk.Blocks);
        Assert.Equal(70_000, bulk.Length);
    }

    [Fact]
    public void BeginsAnew_WithNothing()
    {
        using var bulk = new BulkSend();
        bulk.Begin(100);
        bulk.Room(100).Span.Clear();
        bulk.Add(new BlockRequest(0, 0, 100));

        bulk.Begin(10);

        Assert.Equal(0, bulk.Blocks);
        Assert.Empty(bulk.Segments);
    }
}
