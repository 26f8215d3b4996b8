using System.Buffers.Binary;
using CsCheck;
using Shoal.Core;
using Shoal.Discovery.Trackers;
using Shoal.Discovery.Trackers.Udp;
using Xunit;

namespace Shoal.Unit.Discovery.Trackers;

public sealed class UdpTrackerSessionTests
{
    private readonly List<(double At, int Action, byte[] Datagram)> _sent = [];
    private readonly List<AnnounceReply> _ended = [];
    private readonly UdpTrackerSession _session;
    private TimeSpan _now;

    public UdpTrackerSessionTests() => _session = Create(TimeSpan.FromHours(3));

    [Fact]
    public void SendsConnectAgain_AsTheSpecificationSays()
    {
        Ask();

        Run(until: 250);

        Assert.Equal([(0, 0), (15, 0), (45, 0), (105, 0), (225, 0)], Times());
    }

    [Fact]
    public void SendsAnnounceAgain_AndConnectsAnew_WhenTheConnectionIdIsTooOld()
    {
        Ask();
        Run(until: 1);
        Reply(0, 8);

        Run(until: 230);

        Assert.Equal([(0, 0), (1, 1), (16, 1), (46, 1), (106, 0), (226, 0)], Times());
    }

    [Fact]
    public void NeverWaitsLongerThanAnHourAndFourMinutes()
    {
        var patient = Create(TimeSpan.FromDays(2));
        patient.Ask(new UdpAnnounce(Request, "", _ended.Add), TimeSpan.Zero);
        for (_now = TimeSpan.Zero; _now < TimeSpan.FromHours(10); _now += TimeSpan.FromSeconds(1)) patient.Tick(_now);

        var waits = _sent.Zip(_sent.Skip(1), (a, b) => b.At - a.At).ToList();

        Assert.Equal(3840, waits.Max());
        Assert.Equal([15, 30, 60, 120, 240, 480, 960, 1920, 3840], waits.Take(9));
    }

    [Fact]
    public void UsesOneConnectionIdForAMinute()
    {
        Ask();
        Reply(0, 8);
        Reply(1, 12);
        Run(until: 59);
        Ask();
        Reply(1, 12);
        Run(until: 61);

        Ask();

        Assert.Equal([0, 1, 1, 0], _sent.Select(s => s.Action));
        Assert.Equal(2, _ended.Count(r => r.Failure is null));
    }

    [Fact]
    public void AsksForOneConnectionId_ForManyQuestions()
    {
        for (var i = 0; i < 5; i++) Ask();

        Reply(0, 8);

        Assert.Equal([0, 1, 1, 1, 1, 1], _sent.Select(s => s.Action));
        Assert.Equal(5, _sent.Skip(1).Select(s => Transaction(s.Datagram)).Distinct().Count());
    }

    [Fact]
    public void GivesUp_AfterItsPatience()
    {
        var session = Create(UdpTrackerSession.DefaultPatience);
        session.Ask(new UdpAnnounce(Request, "", _ended.Add), TimeSpan.Zero);

        session.Tick(TimeSpan.FromSeconds(104));
        Assert.Empty(_ended);
        session.Tick(TimeSpan.FromSeconds(105));

        Assert.Equal("it did not answer within 105 s", Assert.Single(_ended).Failure);
        Assert.True(session.IsIdle);
    }

    [Fact]
    public void TellsWhatTheTrackerSays_WhenItRefuses()
    {
        Ask();
        Reply(0, 8);
        ReplyWith(3, "not here"u8);

        Assert.Equal("not here", Assert.Single(_ended).Failure);

        Ask();
        Assert.Equal(0, _sent[^1].Action);
        ReplyWith(3, "nor there"u8);
        Assert.Equal("nor there", _ended[^1].Failure);
    }

    [Fact]
    public void IgnoresWhatAnswersNothing()
    {
        Ask();
        var connect = Transaction(_sent[0].Datagram);
        foreach (var (action, transaction, length) in new[] { (0, connect + 1, 8), (1, connect, 12), (0, connect, 7), (3, connect ^ 1, 0) }) Send(action, transaction, new byte[length]);

        Assert.Single(_sent);
        Reply(0, 8);
        var announce = Transaction(_sent[1].Datagram);
        foreach (var (action, transaction, length) in new[] { (2, announce, 12), (1, announce, 11), (1, announce + 1, 12), (0, announce, 8) }) Send(action, transaction, new byte[length]);

        Assert.Empty(_ended);
    }

    [Fact]
    public void Scrapes()
    {
        ScrapeCounts[]? counts = null;
        _session.Ask(new UdpScrape([Request.Torrent], found => counts = found), _now);
        Reply(0, 8);
        ReplyWith(2, Convert.FromHexString("000000010000000200000003"));

        Assert.Equal([new ScrapeCounts(1, 3, 2)], counts!);
    }

    [Fact]
    public void EndsEveryQuestionOnce_WhateverComes() =>
        Gen.Select(Gen.Int[0, 6], Gen.Byte.Array[0, 40], Gen.Int[0, 40]).Array[0, 60].Sample(
            steps =>
            {
                var (now, asked, ended, last) = (TimeSpan.Zero, 0, 0, Array.Empty<byte>());
                var session = new UdpTrackerSession(false, UdpTrackerSession.DefaultPatience, new Random(1), datagram => last = datagram.ToArray());
                foreach (var (step, noise, seconds) in steps)
                {
                    now += TimeSpan.FromSeconds(seconds);
                    if (step == 0)
                    {
                        asked++;
                        session.Ask(new UdpAnnounce(Request, "/announce", _ => ended++), now);
                    }
                    else if (step < 5 && last.Length >= 16 && noise.Length >= 8)
                    {
                        last.AsSpan(12, 4).CopyTo(noise.AsSpan(4));
                        BinaryPrimitives.WriteInt32BigEndian(noise, step - 1);
                        session.Handle(noise, now);
                    }
                    else
                    {
                        session.Handle(noise, now);
                    }

                    session.Tick(now);
                    Assert.InRange(ended, 0, asked);
                }

                session.Tick(now + UdpTrackerSession.DefaultPatience);
                Assert.Equal(asked, ended);
                Assert.True(session.IsIdle);
            });

    private static AnnounceRequest Request { get; } = new() { Torrent = new Hash160("aaaaaaaaaaaaaaaaaaaa"u8), PeerId = default };

    private static uint Transaction(byte[] datagram) => BinaryPrimitives.ReadUInt32BigEndian(datagram.AsSpan(12));

    private UdpTrackerSession Create(TimeSpan patience) => new(
        false, patience, new Random(1), datagram => _sent.Add((_now.TotalSeconds, BinaryPrimitives.ReadInt32BigEndian(datagram[8..]), datagram.ToArray())));

    private void Ask() => _session.Ask(new UdpAnnounce(Request, "", _ended.Add), _now);

    private void Run(double until)
    {
        for (; _now < TimeSpan.FromSeconds(until); _now += TimeSpan.FromSeconds(0.5)) _session.Tick(_now);
        _session.Tick(_now);
    }

    private void Reply(int action, int length) => ReplyWith(action, new byte[length]);

    private void ReplyWith(int action, ReadOnlySpan<byte> payload) => Send(action, Transaction(_sent[^1].Datagram), payload);

    private void Send(int action, uint transaction, ReadOnlySpan<byte> payload)
    {
        var datagram = new byte[8 + payload.Length];
        BinaryPrimitives.WriteInt32BigEndian(datagram, action);
        BinaryPrimitives.WriteUInt32BigEndian(datagram.AsSpan(4), transaction);
        payload.CopyTo(datagram.AsSpan(8));
        _session.Handle(datagram, _now);
    }

    private IEnumerable<(int, int)> Times() => _sent.Select(s => ((int)s.At, s.Action));
}
