using Shoal.Core.Geometry;
using Shoal.Engine;
using Shoal.Engine.Peers;
using Xunit;

namespace Shoal.Unit.Engine;

/// <summary>A seed gives each piece to one downloader first. Pieces are of 64 blocks unless said: one is suggested ahead.</summary>
public sealed class SuggestionsTests
{
    private static readonly PeerKey A = new(1), B = new(2), C = new(3);

    private static Suggestions Of(int pieces, int blocks = 64) =>
        new(TorrentGeometry.TryCreate(blocks * TorrentGeometry.BlockLength, [(long)pieces * blocks * TorrentGeometry.BlockLength], out var g) ? g : null!, new Random(1));

    private static List<int> Next(Suggestions suggestions, PeerKey peer, params int[] availability) => [.. suggestions.Next(peer, availability).Select(p => p.Value)];

    [Fact]
    public void EachIsSuggestedAnother()
    {
        var suggestions = Of(3);

        List<int> all = [.. Next(suggestions, A, 0, 0, 0), .. Next(suggestions, B, 0, 0, 0), .. Next(suggestions, C, 0, 0, 0)];

        Assert.Equal([0, 1, 2], all.Order());
        Assert.Empty(Next(suggestions, new PeerKey(4), 0, 0, 0));
    }

    [Fact]
    public void TheNextIsSuggested_WhenOneIsBegun()
    {
        var suggestions = Of(3);
        var first = Next(suggestions, A, 0, 0, 0).Single();
        Assert.Empty(Next(suggestions, A, 0, 0, 0));

        suggestions.OnAsked(A, new PieceIndex(first));

        Assert.NotEqual(first, Next(suggestions, A, 0, 0, 0).Single());
    }

    [Fact]
    public void WhatSomebodyHasIsNot() => Assert.Equal([1], Next(Of(3), A, 1, 0, 2));

    [Fact]
    public void WhatAnotherBeganIsNot()
    {
        var suggestions = Of(2);
        suggestions.OnAsked(B, new PieceIndex(1));

        Assert.Equal([0], Next(suggestions, A, 0, 0));
    }

    [Fact]
    public void WhatWasPromisedToOneWhoLeftIsSuggestedAgain()
    {
        var suggestions = Of(2);
        List<int> promised = [.. Next(suggestions, A, 0, 0)];
        suggestions.OnAsked(A, new PieceIndex(promised[0]));
        promised.AddRange(Next(suggestions, A, 0, 0));
        Assert.Empty(Next(suggestions, B, 0, 0));

        suggestions.Forget(A);
        List<int> again = [.. Next(suggestions, B, 0, 0), .. Next(suggestions, C, 0, 0)];

        Assert.Equal(promised.Order(), again.Order());
    }

    [Fact]
    public void WhatOneWhoLeftHasGivenOnIsNot()
    {
        var suggestions = Of(1);
        Next(suggestions, A, 0);
        suggestions.OnHas(new PieceIndex(0));

        suggestions.Forget(A);

        Assert.Empty(Next(suggestions, B, 1));
    }

    [Theory]
    [InlineData(1, 16)]
    [InlineData(4, 4)]
    [InlineData(16, 1)]
    [InlineData(64, 1)]
    public void OfSmallPiecesSeveralAreSuggestedAhead(int blocks, int ahead) => Assert.Equal(ahead, Next(Of(40, blocks), A, new int[40]).Count);

    [Fact]
    public void ASecondsWorthIsSuggestedAhead() => Assert.Equal(4, Of(40).Next(A, new int[40], rate: 3.5 * 64 * TorrentGeometry.BlockLength).Count);

    [Fact]
    public void ASeedSuggestsToEach_BeforeItUnchokes_OnceSeveralWantSomething()
    {
        var bench = new SwarmBench(pieces: 16).Open(have: new string('x', 16));
        var first = bench.Connect(new string('.', 16));
        bench.Handle(new SwarmEvent.InterestChanged(first, true));
        Assert.Empty(bench.Effects.Suggested);

        var second = bench.Connect(new string('.', 16));
        bench.Handle(new SwarmEvent.InterestChanged(second, true));
        bench.Handle(new SwarmEvent.PieceAsked(first, new PieceIndex(0)));

        var (toFirst, toSecond) = (bench.Effects.Suggested.Where(s => s.Peer == first).ToList(), bench.Effects.Suggested.Where(s => s.Peer == second).ToList());
        Assert.Equal(4, toFirst.Count);
        Assert.Equal(4, toSecond.Count);
        Assert.Equal(8, bench.Effects.Suggested.Select(s => s.Piece).Distinct().Count());
    }

    [Fact]
    public void ADownloaderSuggestsNothing_NorDoesASeedToWhoDoesNotKnowOf()
    {
        var downloader = new SwarmBench(pieces: 2).Open(have: "x.");
        var seed = new SwarmBench(pieces: 2).Open(have: "xx");
        for (var i = 0; i < 2; i++)
        {
            downloader.Handle(new SwarmEvent.InterestChanged(downloader.Connect(".."), true));
            seed.Handle(new SwarmEvent.InterestChanged(seed.Connect("..", fast: false), true));
        }

        Assert.Empty(downloader.Effects.Suggested);
        Assert.Empty(seed.Effects.Suggested);
    }

    [Fact]
    public void WhatASeedSuggestsIsBegunFirst()
    {
        var bench = new SwarmBench(pieces: 16).Open();
        var seed = bench.Connect(unchoked: false);
        foreach (var piece in (int[])[11, 3, 99, -1]) bench.Handle(new SwarmEvent.PieceSuggested(seed, piece));

        bench.Handle(new SwarmEvent.ChokeChanged(seed, false));

        Assert.Equal([11, 3], bench.PiecesAsked(seed).Take(2));
    }

    [Fact]
    public void WhatAnotherHasByNowIsNotBegunFirst()
    {
        var bench = new SwarmBench(pieces: 16).Open();
        bench.Connect("...x............", unchoked: false);
        var seed = bench.Connect(unchoked: false);
        foreach (var piece in (int[])[3, 11]) bench.Handle(new SwarmEvent.PieceSuggested(seed, piece));

        bench.Handle(new SwarmEvent.ChokeChanged(seed, false));

        Assert.Equal(11, bench.PiecesAsked(seed)[0]);
        Assert.DoesNotContain(3, bench.PiecesAsked(seed));
    }

    [Fact]
    public void ALittleIsAskedOfTwoAtOnce_SoThatNobodyHoldsItUp()
    {
        var bench = new SwarmBench(pieces: 4);
        PeerKey[] peers = [bench.Connect(""), bench.Connect(""), bench.Connect("")];
        foreach (var peer in peers) bench.Extend(peer, bench.Torrent.Info.Bytes.Length);
        Assert.Equal(2, bench.Effects.Metadata.Count);

        bench.Open(layers: bench.Torrent.Layers(known: false));
        foreach (var peer in peers) bench.Handle(new SwarmEvent.PeerBitfield(peer, null, true));

        Assert.Equal(2, bench.Effects.HashRequests.Count);
        Assert.Single(bench.Effects.HashRequests.Select(h => h.Request).Distinct());
    }
}
