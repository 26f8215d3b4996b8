using System.Net;
using Shoal.Core;
using Shoal.Dht;
using Shoal.Dht.Serving;
using Xunit;

namespace Shoal.Unit.Dht.Serving;

public sealed class KeySamplesTests
{
    private readonly PeerStore _store = new(default, new DhtNodeOptions(), new Random(1));
    private readonly Random _random = new(2);
    private readonly KeySamples _samples;

    public KeySamplesTests() => _samples = new KeySamples(_store, new Random(3));

    [Fact]
    public void GivesEveryKeyAtOnce_AsLongAsTheyFit()
    {
        Assert.Empty(Take(TimeSpan.Zero, out _));
        for (var i = 0; i < KeySamples.Max; i++) Add();

        Assert.Equal(KeySamples.Max, Take(TimeSpan.Zero, out var interval).Count);
        Assert.Equal(TimeSpan.Zero, interval);
    }

    [Fact]
    public void GivesSameKeys_UntilIntervalIsOver()
    {
        for (var i = 0; i < 1000; i++) Add();

        var first = Take(TimeSpan.Zero, out var interval);
        for (var i = 0; i < 1000; i++) Add();
        var again = Take(TimeSpan.FromMinutes(5), out var rest);
        var other = Take(TimeSpan.FromMinutes(15), out _);

        Assert.Equal(KeySamples.Max, first.Count);
        Assert.Equal((KeySamples.Interval, TimeSpan.FromMinutes(10)), (interval, rest));
        Assert.True(first.SetEquals(again));
        Assert.False(first.SetEquals(other));
    }

    private HashSet<Hash160> Take(TimeSpan now, out TimeSpan interval)
    {
        var packed = _samples.Take(now, out interval);
        var keys = new HashSet<Hash160>();
        for (; packed.Length > 0; packed = packed[Hash160.Length..]) Assert.True(keys.Add(new Hash160(packed[..Hash160.Length])));
        return keys;
    }

    private void Add() => _store.TryAdd(Hash160.Random(_random), new NetEndPoint(IPAddress.Loopback, 1), isSeed: false, TimeSpan.Zero);
}
