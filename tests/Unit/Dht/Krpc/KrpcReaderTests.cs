using System.Text;
using CsCheck;
using Shoal.Dht.Krpc;
using Xunit;

namespace Shoal.Unit.Dht.Krpc;

public sealed class KrpcReaderTests
{
    private static readonly string[] Packets =
    [
        "d1:ad2:id20:abcdefghij012345678912:implied_porti1e9:info_hash20:mnopqrstuvwxyz1234564:porti6881e5:token8:aoeusnthe1:q13:announce_peer1:t2:aa1:y1:qe",
        "d1:rd2:id20:abcdefghij01234567895:nodes26:mnopqrstuvwxyz12345601020304055:token8:aoeusnth6:valuesl6:axje.u6:idhtnmee1:t2:aa1:y1:re",
        "d1:ad2:id20:abcdefghij01234567896:target20:mnopqrstuvwxyz1234564:wantl2:n42:n6ee1:q9:find_node2:roi1e1:t2:aa1:y1:qe",
        "d1:ad3:casi3e2:id20:abcdefghij01234567894:salt6:foobar3:seqi4e5:token3:abc1:vd1:ali1ei2eeee1:q3:put1:t2:aa1:v4:SH\0\u00011:y1:qe",
        "d1:ad2:id20:abcdefghij012345678911:info_hashes20:mnopqrstuvwxyz1234564:porti6881e4:seedi1e5:token3:abce1:q14:announce_peers1:t2:aa1:y1:qe",
        "d1:rd2:id20:abcdefghij01234567898:intervali900e3:numi2e2:ok1:a7:samples20:mnopqrstuvwxyz123456e1:t2:aa1:y1:re",
        "d1:eli201e23:A Generic Error Ocurrede1:t2:aa1:y1:ee",
    ];

    [Fact]
    public void NeverThrows_OnAnyBytes() => Gen.Byte.Array[0, 200].Sample(ReadAll);

    [Fact]
    public void NeverThrows_OnDamagedMessages() =>
        Gen.Select(Gen.Int[0, Packets.Length - 1], Gen.Int[0, 150], Gen.Byte, Gen.Int[0, 150]).Sample((packet, at, value, length) =>
        {
            var bytes = Encoding.Latin1.GetBytes(Packets[packet]);
            bytes[at % bytes.Length] = value;
            ReadAll(bytes);
            ReadAll(bytes[..(length % bytes.Length)]);
        });

    [Theory]
    [InlineData("")]
    [InlineData("de")]
    [InlineData("le")]
    [InlineData("i1e")]
    [InlineData("d1:t2:aae")]
    [InlineData("d1:y1:qe")]
    [InlineData("d1:t0:1:y1:qe")]
    [InlineData("d1:t2:aa1:y1:xe")]
    [InlineData("d1:t2:aa1:y2:qqe")]
    [InlineData("d1:t33:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1:y1:qe")]
    [InlineData("d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:y1:q")]
    public void Refuses(string packet) => Assert.False(KrpcReader.TryRead(Encoding.Latin1.GetBytes(packet), out _));

    [Fact]
    public void TakesKeysInAnyOrder()
    {
        var isRead = KrpcReader.TryRead("d1:y1:q1:t2:aa1:q4:ping1:ad2:id20:abcdefghij0123456789ee"u8, out var message);

        Assert.True(isRead);
        Assert.Equal(KrpcVerb.Ping, message.Verb);
        Assert.NotNull(message.Id);
    }

    [Fact]
    public void LeavesOutWhatHasWrongForm()
    {
        var isRead = KrpcReader.TryRead("d1:ad2:id19:abcdefghij0123456789:info_hashi5e4:porti70000e5:tokenlee1:q9:get_peers2:rol1:xe1:t2:aa1:y1:qe"u8, out var message);

        Assert.True(isRead);
        Assert.Null(message.Id);
        Assert.Null(message.InfoHash);
        Assert.Equal(0, message.Port);
        Assert.True(message.Token.IsEmpty);
        Assert.False(message.ReadOnly);
    }

    [Fact]
    public void TakesMixedValues()
    {
        KrpcReader.TryRead("d1:rd2:id20:abcdefghij01234567896:valuesl6:abcdef18:abcdefghijklmnopqr3:abci7eee1:t2:aa1:y1:re"u8, out var message);

        Assert.True(message.Values.TryNext(out var first));
        Assert.True(message.Values.TryNext(out var second));
        Assert.False(message.Values.TryNext(out _));
        Assert.False(first.IsV6);
        Assert.True(second.IsV6);
    }

    [Fact]
    public void TellsValueFromVersion()
    {
        KrpcReader.TryRead("d1:rd2:id20:abcdefghij01234567891:vd1:ai1eee1:t2:aa1:v4:SHxy1:y1:re"u8, out var message);

        Assert.True(message.Value.SequenceEqual("d1:ai1ee"u8));
        Assert.True(message.Version.SequenceEqual("SHxy"u8));
        Assert.True(message.IsOwnKind);
    }

    [Fact]
    public void ReadsPut()
    {
        var packet = $"d1:ad3:casi3e2:id20:abcdefghij01234567891:k32:{new string('k', 32)}4:salt6:foobar3:seqi4e3:sig64:{new string('s', 64)}5:token3:abc1:vi7ee1:q3:put1:t2:aa1:y1:qe";
        KrpcReader.TryRead(Encoding.Latin1.GetBytes(packet), out var message);

        Assert.Equal((KrpcVerb.Put, 3, 4), (message.Verb, message.Cas, message.Sequence));
        Assert.Equal((32, 64), (message.Key.Length, message.Signature.Length));
        Assert.True(message.Salt.SequenceEqual("foobar"u8));
        Assert.True(message.Value.SequenceEqual("i7e"u8));
    }

    [Theory]
    [InlineData("4:BFpe", 256, 255)]
    [InlineData("4:BFsd", 256, 257)]
    [InlineData("1:k", 32, 31)]
    [InlineData("3:sig", 64, 65)]
    [InlineData("11:info_hashes", 40, 41)]
    [InlineData("7:samples", 60, 59)]
    public void TakesStringOfItsLengthOnly(string key, int right, int wrong)
    {
        Assert.Equal(right, LengthOf(key, right));
        Assert.Equal(0, LengthOf(key, wrong));
    }

    [Fact]
    public void KnowsSamplesThatAreNone()
    {
        KrpcReader.TryRead("d1:rd2:id20:abcdefghij01234567898:intervali900e3:numi0e7:samples0:e1:t2:aa1:y1:re"u8, out var message);

        Assert.True(message.HasSamples);
        Assert.Equal((900, 0), (message.Interval, message.Num));
    }

    [Fact]
    public void ReadsFlags()
    {
        KrpcReader.TryRead("d1:ad2:id20:abcdefghij01234567896:noseedi1e6:scrapei1e4:seedi2ee1:q9:get_peers1:t2:aa1:y1:qe"u8, out var message);

        Assert.Equal((true, true, false), (message.NoSeed, message.Scrape, message.Seed));
    }

    [Fact]
    public void ReadsErrorText()
    {
        KrpcReader.TryRead("d1:eli204e14:method unknowne1:t2:aa1:y1:ee"u8, out var message);

        Assert.Equal(204, message.ErrorCode);
        Assert.True(message.ErrorText.SequenceEqual("method unknown"u8));
    }

    private static int LengthOf(string key, int length)
    {
        Assert.True(KrpcReader.TryRead(Encoding.Latin1.GetBytes($"d1:rd{key}{length}:{new string('x', length)}e1:t2:aa1:y1:re"), out var message));
        return message.PeerFilter.Length + message.SeedFilter.Length + message.Key.Length + message.Signature.Length + message.InfoHashes.Length + message.Samples.Length;
    }

    private static void ReadAll(byte[] bytes)
    {
        if (!KrpcReader.TryRead(bytes, out var message)) return;

        while (message.Nodes.TryNext(out _, out _)) { }
        while (message.Nodes6.TryNext(out _, out _)) { }
        while (message.Values.TryNext(out _)) { }
    }
}
