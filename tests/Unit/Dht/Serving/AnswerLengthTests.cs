using System.Net;
using System.Net.Sockets;
using CsCheck;
using Shoal.Core;
using Shoal.Dht.Items;
using Shoal.Dht.Krpc;
using Shoal.Dht.Serving;
using Xunit;

namespace Shoal.Unit.Dht.Serving;

/// <summary>How long answers are, in both families, whatever is asked and however long the transaction ID is.</summary>
public sealed class AnswerLengthTests
{
    private static readonly NodeId Id = AskedResponder.AskerId;
    private static readonly Hash160 Key = new("mnopqrstuvwxyz123456"u8);

    [Theory]
    [InlineData(AddressFamily.InterNetwork)]
    [InlineData(AddressFamily.InterNetworkV6)]
    public void NeverExceedsBound_ToWhoeverIsProven(AddressFamily family)
    {
        var (asked, _) = Stocked(family, valueLength: 300, sequence: 7);
        var from = From(family, 200);
        asked.Responder.Proven(from, asked.Now);

        Gen.Select(Gen.Int[0, 3], Gen.Int[1, 32], Gen.Int[0, 3], Gen.Bool).Sample((kind, transaction, want, isStored) =>
            Ask(asked, from, kind, new byte[transaction], (Want)want, isStored ? Key : default).Length <= AnswerBounds.Any, threads: 1);
    }

    [Theory]
    [InlineData(AddressFamily.InterNetwork)]
    [InlineData(AddressFamily.InterNetworkV6)]
    public void NeverExceedsHalf_ToWhoeverIsNot_OnceThatIsUsedUp(AddressFamily family)
    {
        var (asked, item) = Stocked(family, valueLength: 900, sequence: 7);
        var from = From(family, 200);
        for (var i = 0; i < 4; i++) Assert.InRange(Ask(asked, from, kind: 1, "aa"u8.ToArray(), Want.None, Key).Length, AnswerBounds.Unproven + 1, AnswerBounds.Any);

        Gen.Select(Gen.Int[0, 3], Gen.Int[1, 32], Gen.Int[0, 3], Gen.Bool).Sample((kind, transaction, want, isStored) =>
            Ask(asked, from, kind, new byte[transaction], (Want)want, isStored ? kind == 3 ? item.Target : Key : default).Length <= AnswerBounds.Unproven, threads: 1);
    }

    [Fact]
    public void NamesEightContactsTokenAndSomePeers_ToWhoeverIsUnproven()
    {
        var (asked, _) = Stocked(AddressFamily.InterNetwork, valueLength: 10, sequence: 7);
        var from = From(AddressFamily.InterNetwork, 200);
        for (var i = 0; i < 4; i++) Ask(asked, from, kind: 1, "aa"u8.ToArray(), Want.None, Key);

        var answer = AskedResponder.Read(Ask(asked, from, kind: 1, "aa"u8.ToArray(), Want.V4 | Want.V6, Key));

        Assert.Equal((8, 0, 8), (AskedResponder.Count(answer.Nodes), AskedResponder.Count(answer.Nodes6), answer.Token.Length));
        Assert.InRange(AskedResponder.Count(answer.Values), 20, 30);
        Assert.True(answer.PeerFilter.IsEmpty);
    }

    [Fact]
    public void AnswersAtLength_WhoeverBroughtBackToken()
    {
        var (asked, _) = Stocked(AddressFamily.InterNetwork, valueLength: 10, sequence: 7);
        var from = From(AddressFamily.InterNetwork, 200);
        var token = asked.Token(from);
        asked.Ask(from, w => w.AnnouncePeer("aa"u8, Id, readOnly: false, default, 6881, token));

        for (var i = 0; i < 20; i++) Assert.InRange(Ask(asked, from, kind: 1, "aa"u8.ToArray(), Want.None, Key).Length, 900, AnswerBounds.Any);
    }

    [Theory]
    [InlineData(AddressFamily.InterNetwork)]
    [InlineData(AddressFamily.InterNetworkV6)]
    public void GivesLongestItem_InOnePiece(AddressFamily family)
    {
        var (asked, item) = Stocked(family, DhtItem.MaxValueLength, long.MaxValue);
        var from = From(family, 200);
        asked.Responder.Proven(from, asked.Now);

        for (var length = 1; length <= KrpcReader.MaxTransactionLength; length++)
        {
            var answer = Ask(asked, from, kind: 3, new byte[length], Want.V4 | Want.V6, item.Target);
            Assert.InRange(answer.Length, 1, AnswerBounds.WithValue);
            Assert.True(length > 8 || DhtItem.TryVerify(item.Target, default, AskedResponder.Read(answer), out _));
        }
    }

    private static byte[] Ask(AskedResponder asked, NetEndPoint from, int kind, byte[] transaction, Want want, Hash160 key) => asked.Ask(from, w =>
    {
        switch (kind)
        {
            case 0: w.FindNode(transaction, Id, readOnly: false, key, want); break;
            case 1: w.GetPeers(transaction, Id, readOnly: false, key, want, scrape: true); break;
            case 2: w.SampleInfohashes(transaction, Id, readOnly: false, key, want); break;
            default: w.Get(transaction, Id, readOnly: false, key, sequence: null, want); break;
        }
    });

    private static (AskedResponder Asked, DhtItem Item) Stocked(AddressFamily family, int valueLength, long sequence)
    {
        var asked = new AskedResponder(family);
        for (var i = 1; i <= 150; i++) asked.Responder.Peers.TryAdd(Key, From(family, i), isSeed: i % 2 == 0, asked.Now);
        for (var i = 0; i < 100; i++) asked.Responder.Peers.TryAdd(Hash160.Random(new Random(i)), From(family, 1), isSeed: false, asked.Now);

        var value = new byte[valueLength];
        var prefix = System.Text.Encoding.ASCII.GetBytes(valueLength > 102 ? $"{valueLength - 4}:" : $"{valueLength - 2}:");
        prefix.CopyTo(value, 0);
        var item = DhtItem.Sign(new ItemKey(new byte[32]), value, sequence);
        var neighbour = family == AddressFamily.InterNetwork ? AskedResponder.Parse("10.0.0.1:1") : AskedResponder.Parse("[fd00::1]:1");
        var token = asked.Token(neighbour);
        Assert.Equal(KrpcType.Response, asked.Read(neighbour, w => w.Put("aa"u8, Id, readOnly: false, item, token, cas: null)).Type);
        return (asked, item);
    }

    private static NetEndPoint From(AddressFamily family, int number)
    {
        byte[] address = family == AddressFamily.InterNetwork ? [9, 1, (byte)number, 1] : [0x20, 1, 0xd, 0xb8, 0, 0, (byte)number, 0, 0, 0, 0, 0, 0, 0, 0, 1];
        return new NetEndPoint(new IPAddress(address), 6881);
    }
}
