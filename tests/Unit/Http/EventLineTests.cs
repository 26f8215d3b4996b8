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
