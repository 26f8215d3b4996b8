using Shoal.Http.Control;
using Shoal.Node.Events;
using Xunit;

namespace Shoal.Unit.Http;

public sealed class EventLineTests
{
    public static TheoryData<ShoalEvent, string> Lines => new()
    {
        { new ListeningEvent("127.0.0.2:9000", "127.0.0.2:8468", ["127.0.0.2"]), """{"event":"listening","tcp":"127.0.0.2:9000","udp":"127.0.0.2:8468","addresses":["127.0.0.2"]}""" },
        {
            new SharedEvent("magnet:?xt=urn:btmh:1220aa&dn=a", "aa", null, "movie.mp4", 123, 262144, [new FileItem("movie.mp4", 123, "bb", "magnet:?xt=b&dn=c")]),
            """{"event":"shared","link":"magnet:?xt=urn:btmh:1220aa&dn=a","infohash":"aa","infohashV1":null,"name":"movie.mp4","length":123,"pieceLength":262144,"files":[{"path":"movie.mp4","length":123,"id":"bb","link":"magnet:?xt=b&dn=c"}]}"""
        },
        { new AnnouncedEvent("aa", 8, 0.2), """{"event":"announced","id":"aa","nodes":8,"seconds":0.2}""" },
        {
            new MetadataEvent("torrent", "aa", "aa", null, "n", 0, 262144, [new FileItem("empty", 0, null, null)]),
            """{"event":"metadata","kind":"torrent","id":"aa","infohash":"aa","infohashV1":null,"name":"n","length":0,"pieceLength":262144,"files":[{"path":"empty","length":0,"id":null,"link":null}]}"""
        },
        { new ProgressEvent(1048576, 4194304, 52428800, 3), """{"event":"progress","bytes":1048576,"length":4194304,"rate":52428800,"peers":3}""" },
        {
            new DoneEvent("/home/me/movie.mp4", 4194304, 0, 0.8, 0.6, [new PeerItem("127.0.0.2:9000", "Shoal 0.1", 2097152)]),
            """{"event":"done","path":"/home/me/movie.mp4","bytes":4194304,"reused":0,"seconds":0.8,"transferSeconds":0.6,"peers":[{"address":"127.0.0.2:9000","client":"Shoal 0.1","bytes":2097152}]}"""
        },
        { new FoundPeerEvent("aa", "127.0.0.2:9000", "dht", 2, 12), """{"event":"peer","id":"aa","address":"127.0.0.2:9000","via":"dht","hops":2,"ms":12}""" },
        { new ItemEvent("torrent", "aa", "movie.mp4", 123, 123), """{"event":"item","kind":"torrent","id":"aa","name":"movie.mp4","length":123,"have":123}""" },
        { new VerifiedEvent("aa", 16, 0), """{"event":"verified","id":"aa","ok":16,"bad":0}""" },
        { new RemovedEvent("aa", "n", true), """{"event":"removed","id":"aa","name":"n","filesDeleted":true}""" },
        { new HashingEvent("/a", 1, 2), """{"event":"hashing","path":"/a","bytes":1,"length":2}""" },
        { new PieceEvent(3, 9, "127.0.0.2:9000"), """{"event":"piece","index":3,"count":9,"address":"127.0.0.2:9000"}""" },
        { new FindableEvent("aa", true, 2, 0.08), """{"event":"findable","id":"aa","found":true,"hops":2,"seconds":0.08}""" },
        {
            new FoundPeerEvent("aa", "127.0.0.2:9000", "dht", 2, 12) { From = "127.0.0.3:8468" },
            """{"event":"peer","id":"aa","address":"127.0.0.2:9000","via":"dht","hops":2,"ms":12,"from":"127.0.0.3:8468"}"""
        },
        {
            new DhtStatusEvent(
                [new DhtNodeItem("aa", "127.0.0.2:8468", null, 1, 0, [new DhtBucketItem(0, 1, 0, 128)], [new DhtContactItem("bb", "127.0.0.3:8468", true)], 2, 3, 4, 2.5)],
                5, new Dictionary<string, DhtTrafficItem> { ["find_node"] = new(6, 7) }, 8, 9, 10, 11, 12, 13, 14, 15),
            """{"event":"dht","nodes":[{"id":"aa","address":"127.0.0.2:8468","external":null,"good":1,"questionable":0,"buckets":[{"bits":0,"good":1,"questionable":0,"capacity":128}],"contacts":[{"id":"bb","address":"127.0.0.3:8468","good":true}],"keys":2,"peers":3,"items":4,"networkSize":2.5}],"ownKeys":5,"queries":{"find_node":{"received":6,"sent":7}},"answers":8,"errors":9,"timeouts":10,"refused":11,"malformed":12,"dropped":13,"bytesSent":14,"bytesReceived":15}"""
        },
        { new ContactEvent("aa", "127.0.0.2:8468", 7, "01", 2), """{"event":"contact","id":"aa","address":"127.0.0.2:8468","bits":7,"distance":"01","hops":2}""" },
        {
            new LookupEvent("aa", 8, 1, 12, 2, 0.05, 1, null, false),
            """{"event":"lookup","key":"aa","contacts":8,"peers":1,"queries":12,"hops":2,"seconds":0.05,"seeds":1,"downloaders":null,"crowded":false}"""
        },
        { new PongEvent("127.0.0.2:8468", "aa", 0.4, "SH 0.1", null), """{"event":"pong","address":"127.0.0.2:8468","id":"aa","ms":0.4,"version":"SH 0.1","external":null}""" },
        {
            new StoredEvent("aa", 8, 0, "bb", 1, "s", 0.1),
            """{"event":"stored","target":"aa","nodes":8,"conflicts":0,"publicKey":"bb","sequence":1,"salt":"s","seconds":0.1}"""
        },
        {
            new ValueEvent("aa", "hi", "323a6869", null, null, 8, 0.1),
            """{"event":"value","target":"aa","value":"hi","bencodedHex":"323a6869","publicKey":null,"sequence":null,"copies":8,"seconds":0.1}"""
        },
        { new WarningEvent("w", "m"), """{"event":"warning","code":"w","message":"m"}""" },
        { new ErrorEvent("not-found", "näh <é>"), """{"event":"error","code":"not-found","message":"näh <é>"}""" },
    };

    [Theory]
    [MemberData(nameof(Lines))]
    public void WritesWhatTheContractShows(ShoalEvent e, string line)
    {
        var written = EventLine.Write(e);

        Assert.Equal(line, written);
        Assert.Equal(line, EventLine.Write(EventLine.Read(written)!));
    }

    [Fact]
    public void EscapesControlCharacters()
    {
        var line = EventLine.Write(new WarningEvent("w", "a\e[2J\n\u009b\u2028b"));

        Assert.DoesNotContain(line, char.IsControl);
        Assert.Equal("a\e[2J\n\u009b\u2028b", ((WarningEvent)EventLine.Read(line)!).Message);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("""{"event":"newer","x":1}""")]
    [InlineData("not json")]
    public void ReadsNothingFromWhatItDoesNotKnow(string line) => Assert.Null(EventLine.Read(line));
}
