using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Shoal.Dht;
using Shoal.Dht.Sockets;
using Xunit;

namespace Shoal.Interop.Loopback;

/// <summary>Counts the whole process, so it runs when no other test does.</summary>
[CollectionDefinition(nameof(DhtAllocationTests), DisableParallelization = true)]
[Collection(nameof(DhtAllocationTests))]
public sealed class DhtAllocationTests(ITestOutputHelper output)
{
    private const int Rounds = 5;
    private const int Windows = 90;
    private const int Window = 32;

    private readonly byte[] _ping = [.. "d1:ad2:id20:aaaaaaaaaaaaaaaaaaaae1:q4:ping1:t2:aa1:y1:qe"u8];
    private readonly byte[] _buffer = new byte[2048];

    [Theory]
    [InlineData("127.0.3.20", "127.0.3.20")]
    [InlineData("0.0.0.0", "127.0.3.21")]
    public async Task AllocatesNothing_ForAnAnswerOverLoopback(string bound, string asked)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "elsewhere the framework makes an endpoint for each");
        await using var service = DhtService.Start(
            [UdpDatagramSocket.Bind(new IPEndPoint(IPAddress.Parse(bound), 0))], new DhtOptions(), TimeProvider.System, new SecureRandom(), NullLogger.Instance);
        using var asker = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = 10_000 };
        asker.Connect(new IPEndPoint(IPAddress.Parse(asked), service.LocalEndPoints[0].Port));

        Ask(asker);
        var least = double.MaxValue;
        for (var i = 0; i < Rounds; i++)
        {
            var before = GC.GetTotalAllocatedBytes(precise: true);
            Ask(asker);
            least = Math.Min(least, (GC.GetTotalAllocatedBytes(precise: true) - before) / (double)(Windows * Window));
        }

        output.WriteLine($"{least:0.00} bytes for each of {Windows * Window} queries");
        Assert.InRange(least, 0, 64); // ticks allocate too, and come with time
    }

    private void Ask(Socket asker)
    {
        for (var i = 0; i < Windows; i++)
        {
            for (var j = 0; j < Window; j++) asker.Send(_ping);
            for (var j = 0; j < Window;) j += asker.Receive(_buffer) > 0 && _buffer.AsSpan().StartsWith("d2:ip"u8) ? 1 : 0;
        }
    }
}
