using System.Diagnostics.Metrics;
using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Shoal.Core;
using Shoal.Dht;
using Shoal.Dht.Sockets;
using Shoal.Harness.Network;
using Xunit;

namespace Shoal.Unit.Dht;

public sealed class DhtMetricsTests
{
    [Fact]
    public void TellsContactsAndQueries_ByTheirNames()
    {
        var world = new VirtualWorld(1);
        var measured = new Dictionary<string, double>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, l) =>
        {
            if (instrument.Meter.Name == "Shoal.Dht") l.EnableMeasurementEvents(instrument);
        };
        void Take(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            var name = instrument.Name;
            foreach (var (key, tag) in tags) if (key != "address") name += $" {tag}";
            measured[name] = measured.GetValueOrDefault(name) + value;
        }

        listener.SetMeasurementEventCallback<long>((i, v, tags, _) => Take(i, v, tags));
        listener.SetMeasurementEventCallback<int>((i, v, tags, _) => Take(i, v, tags));
        listener.SetMeasurementEventCallback<double>((i, v, tags, _) => Take(i, v, tags));

        world.Run(async () =>
        {
            await using var first = Start(world, 1);
            await using var second = Start(world, 2);
            second.AddBootstrap(first.LocalEndPoints[0]);
            await second.AnnounceAsync(Hash160.Random(new Random(1)), 9000, isSeed: true, CancellationToken.None);
            await Task.Delay(TimeSpan.FromSeconds(5), world.Clock);
            listener.Start();
            listener.RecordObservableInstruments();
        }, TimeSpan.FromMinutes(1));

        Assert.True(measured["shoal.dht.contacts good"] >= 2);
        Assert.True(measured["shoal.dht.queries announce_peer received"] >= 1);
        Assert.True(measured["shoal.dht.queries get_peers sent"] >= 1);
        Assert.True(measured["shoal.dht.stored peers"] >= 1);
        Assert.True(measured["shoal.dht.announced"] >= 1);
        Assert.True(measured["shoal.dht.bytes sent"] > 0);
        Assert.True(measured["shoal.dht.network.size"] > 0);
    }

    private static DhtService Start(VirtualWorld world, int number) => DhtService.Start(
        [new VirtualDatagramSocket(world.Network, new NetEndPoint(new IPAddress([10, 0, 0, (byte)number]), 8468))], new DhtOptions(), world.Clock, new Random(number), NullLogger.Instance);
}
