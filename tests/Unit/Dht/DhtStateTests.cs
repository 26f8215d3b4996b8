using System.Net;
using CsCheck;
using Shoal.Core;
using Shoal.Dht;
using Xunit;

namespace Shoal.Unit.Dht;

public sealed class DhtStateTests
{
    private static readonly DhtState State = new(
        NodeId.Random(new Random(1)),
        [new NetEndPoint(IPAddress.Parse("10.0.0.1"), 1), new NetEndPoint(IPAddress.Parse("2001:db8::1"), 2)]);

    [Fact]
    public void ReadsWhatItWrote()
    {
        Assert.True(DhtState.TryRead(State.ToBytes(), out var read));
        Assert.Equal(State.Id, read.Id);
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
        Gen.Select(Gen.Int[0, 60], Gen.Byte).Sample((at, value) =>
        {
            var bytes = State.ToBytes();
            bytes[at % bytes.Length] = value;
            DhtState.TryRead(bytes, out _);
        });
}
