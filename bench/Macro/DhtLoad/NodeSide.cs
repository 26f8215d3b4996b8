using System.Globalization;
using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Shoal.Dht;
using Shoal.Dht.Sockets;

namespace Shoal.DhtLoad;

/// <summary>The measured process: a node on 127.0.0.1 that says its port, and what it has used whenever a line comes in; ends with its input.</summary>
internal static class NodeSide
{
    /// <summary>A snapshot is as old as a tick, 100 ms.</summary>
    private static readonly TimeSpan SnapshotAge = TimeSpan.FromMilliseconds(150);

    public static async Task<int> RunAsync()
    {
        var socket = UdpDatagramSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        await using var service = DhtService.Start([socket], new DhtOptions(), TimeProvider.System, new SecureRandom(), NullLogger.Instance);
        Console.WriteLine(service.LocalEndPoints[0].Port);
        while (Console.ReadLine() is not null)
        {
            var cpu = Environment.CpuUsage.TotalTime.TotalSeconds;
            var allocated = GC.GetTotalAllocatedBytes(precise: true);
            Thread.Sleep(SnapshotAge); // this is the main thread: one of the pool would be missed by the node
            var seen = service.Snapshot;
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{cpu} {allocated} {seen.Dropped} {seen.Counters.RateLimited} {seen.Good}"));
        }

        return 0;
    }
}
