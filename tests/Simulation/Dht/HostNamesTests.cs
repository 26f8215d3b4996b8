using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Shoal.Core;
using Shoal.Dht;
using Shoal.Harness.Network;
using Xunit;

namespace Shoal.Simulation.Dht;

public sealed class HostNamesTests
{
    [Fact]
    public void ResolvesAgain_WhileThatFailsOrNobodyAnswersThere()
    {
        var world = new VirtualWorld(1);
        var asked = 0;
        Task<IPAddress[]> Resolve(string host, CancellationToken ct) => ++asked switch
        {
            1 => Task.FromException<IPAddress[]>(new SocketException((int)SocketError.HostNotFound)),
            2 => Task.FromResult<IPAddress[]>([new IPAddress([10, 0, 0, 9])]), // whoever was there has moved
            _ => Task.FromResult<IPAddress[]>([new IPAddress([10, 0, 0, 1])]),
        };

        world.Run(async () =>
        {
            await using var bootstrap = Start(world, 1, null);
            await using var node = Start(world, 2, Resolve);
            node.AddBootstrap("node.example", 8468);
            await Task.Delay(TimeSpan.FromSeconds(20), world.Clock);
            Assert.Equal(1, node.Snapshot.Good);
            await Task.Delay(TimeSpan.FromMinutes(5), world.Clock);
        }, TimeSpan.FromMinutes(10));

        Assert.Equal(3, asked);
    }

    [Fact]
    public void GivesUpName_ThatNoResolverTakes()
    {
        var world = new VirtualWorld(2);
        var asked = 0;
        Task<IPAddress[]> Resolve(string host, CancellationToken ct)
        {
            asked++;
            throw new ArgumentOutOfRangeException(nameof(host)); // as the platform's does above 255 characters
        }

        world.Run(async () =>
        {
            await using var node = Start(world, 1, Resolve);
            node.AddBootstrap(new string('a', 300), 8468);
            await Task.Delay(TimeSpan.FromMinutes(1), world.Clock);
        }, TimeSpan.FromMinutes(2));

        Assert.Equal(1, asked);
    }

    private static DhtService Start(VirtualWorld world, int number, Func<string, CancellationToken, Task<IPAddress[]>>? resolve) => DhtService.Start(
        [new VirtualDatagramSocket(world.Network, new NetEndPoint(new IPAddress([10, 0, 0, (byte)number]), 8468))],
        new DhtOptions { Resolve = resolve }, world.Clock, new Random(number), NullLogger.Instance);
}
