using Shoal.Engine;
using Shoal.Node.Standing;
using Shoal.Unit.Engine;
using Xunit;

namespace Shoal.Unit.Node;

/// <summary>One situation for each cause, and pairs of them where one goes before the other.</summary>
public sealed class DiagnosisTests
{
    /// <summary>A download of ten pieces, of which two are here, with nobody connected.</summary>
    private static readonly SwarmSnapshot Downloading = new()
    {
        Phase = SwarmPhase.Downloading,
        Fetches = true,
        Have = 200,
        WantedHave = 200,
        Length = 1000,
        WantedLength = 1000,
        Known = 3,
        Pieces = new SwarmPieces { Count = 10, Have = 2, Missing = 8, Copies = [0, 8] },
    };

    private static readonly PeerSnapshot Giving = new(SwarmBench.At(2), SwarmBench.Name(2), null, 0, 0, 0, 0, IsSeed: true) { AmInterested = true };

    private static Situation Situation(SwarmSnapshot? swarm) => new(swarm) { Contacts = 7, Listens = true };

    private static Cause Of(Situation situation)
    {
        var diagnosis = Diagnosis.Of(situation);
        Assert.EndsWith(diagnosis.Message[^1] == '?' ? "?" : ".", diagnosis.Message);
        return diagnosis.Cause;
    }

    private static Cause Of(SwarmSnapshot? swarm) => Of(Situation(swarm));

    [Fact]
    public void NothingIsMissing()
    {
        Assert.Equal(Cause.Done, Of(Situation(null) with { IsStoredWhole = true }));
        Assert.Equal(Cause.Done, Of(Downloading with { Phase = SwarmPhase.Complete, Peers = [Giving] }));
        Assert.Equal(Cause.Done, Of(Downloading with { Phase = SwarmPhase.Complete, Counts = new SwarmCounts { Incoming = 1 } }));
    }

    [Fact]
    public void NobodyHasComeForWhatIsWhole()
    {
        var whole = Situation(Downloading with { Phase = SwarmPhase.Complete });

        Assert.Equal(Cause.NoIncoming, Of(whole));
        Assert.Equal(Cause.Done, Of(whole with { Listens = false }));
    }

    [Fact]
    public void NoCommandFetchesIt()
    {
        Assert.Equal(Cause.NotFetching, Of((SwarmSnapshot?)null));
        Assert.Equal(Cause.NotFetching, Of(Downloading with { Fetches = false, Peers = [Giving] }));
    }

    [Fact]
    public void WhatIsHereIsLookedAt() => Assert.Equal(Cause.Preparing, Of(Downloading with { Phase = SwarmPhase.Opening, Peers = [Giving] }));

    [Fact]
    public void OurDiskRefuses()
    {
        var full = Downloading with { Peers = [Giving with { IsChoking = true }], Counts = new SwarmCounts { DiskFailures = 2 } };

        Assert.Equal(Cause.OurDisk, Of(full));
        Assert.Equal(Cause.Goes, Of(full with { DownloadRate = 1000 }));
        Assert.Contains("2 pieces", Diagnosis.Of(Situation(full)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void OurLimitIsReached()
    {
        var fast = Situation(Downloading with { Peers = [Giving], DownloadRate = 950_000 });

        Assert.Equal(Cause.OurLimit, Of(fast with { Limits = new(1_000_000, 0) }));
        Assert.Equal(Cause.Goes, Of(fast with { Limits = new(5_000_000, 0) }));
        Assert.Equal(Cause.OurLimit, Of(fast with { OwnLimits = new(1_000_000, 0), Limits = new(5_000_000, 0) }));
        Assert.Equal(Cause.OurLimit, Of(fast with { Limits = new(5_000_000, 0), DownloadRate = 4_900_000 })); // with what others take
        Assert.Equal(Cause.Goes, Of(fast with { OwnLimits = new(5_000_000, 1), Limits = new(5_000_000, 1), DownloadRate = 950_000 }));
        Assert.Equal(Cause.Goes, Of(fast));
    }

    [Fact]
    public void NobodyIsKnown()
    {
        var alone = Situation(Downloading with { Known = 0 });

        Assert.Equal(Cause.NobodyHasIt, Of(alone));
        Assert.Equal(Cause.NoContacts, Of(alone with { Contacts = 0 }));
        Assert.Equal(Cause.PrivateWithoutTracker, Of(alone with { IsPrivate = true, Contacts = 0 }));
        Assert.Equal(Cause.NobodyHasIt, Of(alone with { IsPrivate = true, Trackers = 1 }));
        Assert.Equal(Cause.NobodyHasIt, Of(alone with { Swarm = new SwarmSnapshot { Phase = SwarmPhase.Metadata, Fetches = true } }));
    }

    [Fact]
    public void ConnectionsAreBeingMade() => Assert.Equal(Cause.Connecting, Of(Downloading with { Connecting = 2 }));

    [Fact]
    public void NobodyCanBeReached()
    {
        var failed = Downloading with { Connecting = 2, Counts = new SwarmCounts { Failed = 5 } };

        Assert.Equal(Cause.CannotConnect, Of(failed));
        Assert.Contains("5 attempts failed, 2 under way, and nobody has connected to us", Diagnosis.Of(Situation(failed)).Message, StringComparison.Ordinal);
        Assert.DoesNotContain("nobody has connected", Diagnosis.Of(Situation(failed) with { Listens = false }).Message, StringComparison.Ordinal);
        Assert.Equal(Cause.CannotConnect, Of(failed with { Phase = SwarmPhase.Metadata }));
    }

    [Fact]
    public void NobodyHasSaidWhatItIs() => Assert.Equal(Cause.WaitingForMetadata, Of(Downloading with { Phase = SwarmPhase.Metadata, Peers = [Giving] }));

    [Fact]
    public void NobodyHasThesePieces()
    {
        var stuck = Downloading with { Peers = [Giving with { AmInterested = false, IsSeed = false }], Pieces = Downloading.Pieces with { Copies = [8, 0] } };

        Assert.Equal(Cause.NobodyHasThesePieces, Of(stuck));
        Assert.Contains("8 pieces", Diagnosis.Of(Situation(stuck)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void SomePiecesAreWithNobody_WhileOthersCome()
    {
        var diagnosis = Diagnosis.Of(Situation(Downloading with { Peers = [Giving], DownloadRate = 1000, Pieces = Downloading.Pieces with { Copies = [3, 5] } }));

        Assert.Equal(Cause.Goes, diagnosis.Cause);
        Assert.Contains("3 pieces", diagnosis.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AllChokeUs()
    {
        var (choking, useless) = (Giving with { IsChoking = true }, Giving with { AmInterested = false });

        Assert.Equal(Cause.AllChokeUs, Of(Downloading with { Peers = [choking, choking, useless] }));
        Assert.Equal(Cause.Goes, Of(Downloading with { Peers = [choking, Giving] }));
        Assert.Contains("2 peers have", Diagnosis.Of(Situation(Downloading with { Peers = [choking, choking, useless] })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ThoseWhoLetUsAskAreSilent()
    {
        var silent = Giving with { IsSnubbed = true };

        Assert.Equal(Cause.PeersAreSilent, Of(Downloading with { Peers = [silent, Giving with { IsChoking = true }] }));
        Assert.Equal(Cause.Goes, Of(Downloading with { Peers = [silent, Giving] }));
    }

    [Fact]
    public void WhatComesDoesNotVerify()
    {
        var lied = Downloading with { WantedHave = 0, Peers = [Giving], DownloadRate = 1000, Counts = new SwarmCounts { Corrupt = 4, Banned = 1 } };

        Assert.Equal(Cause.HashFailures, Of(lied));
        Assert.Equal(Cause.Goes, Of(lied with { WantedHave = 200 }));
        Assert.Equal(Cause.HashFailures, Of(lied with { WantedHave = 200, DownloadRate = 0 }));
    }
}
