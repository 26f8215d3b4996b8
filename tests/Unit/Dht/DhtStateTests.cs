using System.Net;
using CsCheck;
using Shoal.Core;
using Shoal.Dht;
using Shoal.Dht.Announcing;
using Xunit;

namespace Shoal.Unit.Dht;

public sealed class DhtStateTests
{
    private static readonly DhtState State = new(
        [new SavedNode(new NetEndPoint(IPAddress.Parse("10.0.0.7"), 8468), NodeId.Random(new Random(1))), new SavedNode(new NetEndPoint(IPAddress.IPv6Any, 8468), NodeId.Random(new Random(2)))],
        [new NetEndPoint(IPAddress.Parse("10.0.0.1"), 1), new NetEndPoint(IPAddress.Parse("2001:db8::1"), 2)])
    {
        SavedAt = DateTimeOffset.FromUnixTimeSeconds(1_800_000_000),
        Announcements = [new RememberedAnnouncement(Hash160.Random(new Random(3)), 9000, TimeSpan.FromSeconds(77))],
    };

    [Fact]
    public void ReadsWhatItWrote()
    {
        Assert.True(DhtState.TryRead(State.ToBytes(), out var read));
        Assert.Equal(State.Nodes, read.Nodes);
        Assert.Equal(State.SavedAt, read.SavedAt);
        Assert.Equal(State.Announcements, read.Announcements);
        Assert.Equal(State.EndPoints, read.EndPoints);
    }

    [Fact]
    public void RefusesNewerVersion()
    {
        var bytes = State.ToBytes();
        bytes[4]++;

        Assert.False(DhtState.TryRead(bytes, out _));
    }

    [Fact]
    public void RefusesWhatIsCutShort()
    {
        var bytes = State.ToBytes();

        for (var length = 0; length < bytes.Length; length++) Assert.False(DhtState.TryRead(bytes.AsSpan(0, length), out _));
    }

    [Fact]
    public void NeverThrows_OnDamage() =>
        Gen.Select(Gen.Int[0, 160], Gen.Byte).Sample((at, value) =>
        {
            var bytes = State.ToBytes();
            bytes[at % bytes.Length] = value;
            DhtState.TryRead(bytes, out _);
        });
}
