using Shoal.Fuzz;
using Shoal.Fuzz.Targets;
using Xunit;

namespace Shoal.Unit.Fuzz;

public sealed class FuzzerTests
{
    private static readonly FuzzTarget Datagram = FuzzTargets.Find("datagram")!;

    private static byte[][] Corpus => [.. FuzzFolder.Corpus(Datagram).Select(c => c.Input)];

    [Fact]
    public void GivesSameTrace_WhenSeedIsSame()
    {
        Assert.Equal(Trace(seed: 1), Trace(seed: 1));
        Assert.NotEqual(Trace(seed: 1), Trace(seed: 2));
    }

    [Fact]
    public void ReachesTableAndStoreOfTheNodes()
    {
        DatagramSubject subject = null!;
        var fuzzer = new Fuzzer(Datagram with { Create = () => subject = new DatagramSubject() }, Corpus, seed: 1);
        var (contacts, buckets, keys) = (0, 0, 0);

        for (var i = 0; i < 5000; i++)
        {
            Assert.Null(fuzzer.Step());
            contacts = Math.Max(contacts, subject.Nodes.Max(n => n.Table.Count));
            buckets = Math.Max(buckets, subject.Nodes.Max(n => n.Table.Buckets.Count));
            keys = Math.Max(keys, subject.Nodes.Max(n => n.Store.Keys));
        }

        Assert.True(contacts > 16 && buckets > 2 && keys > 29, $"{contacts} contacts, {buckets} buckets, {keys} keys");
    }

    [Fact]
    public void FindsAndMinimises_WhatFailsOnOneInput()
    {
        var target = new FuzzTarget("planted", () => new Planted(input => input.IndexOf("d1:qi"u8) >= 0)) { IsBencoded = true };

        var finding = new Minimiser(TimeSpan.FromMinutes(1)).Minimise(Find(target, "d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:y1:qe"u8.ToArray()));

        Assert.Equal("d1:qi", System.Text.Encoding.Latin1.GetString(Assert.Single(finding.Inputs)));
    }

    [Fact]
    public void FindsAndMinimises_WhatFailsAfterAnother()
    {
        var hasSeen = new Func<Func<byte[], bool>>(() =>
        {
            var seen = false;
            return input =>
            {
                var fails = seen && input is [(byte)'b', ..];
                seen |= input is [(byte)'a', ..];
                return fails;
            };
        });
        var target = new FuzzTarget("planted", () => new Planted(hasSeen())) { InputsPerSession = 100 };

        var finding = new Minimiser(TimeSpan.FromMinutes(1)).Minimise(Find(target, "axx"u8.ToArray(), "nothing"u8.ToArray(), "bxx"u8.ToArray()));

        Assert.Equal(["a"u8.ToArray(), "b"u8.ToArray()], finding.Inputs);
        Assert.EndsWith(SessionFile.Extension, finding.FileName, StringComparison.Ordinal);
        Assert.Equal(finding.Inputs, SessionFile.Read(finding.ToBytes()));
    }

    private static Finding Find(FuzzTarget target, params byte[][] corpus)
    {
        var fuzzer = new Fuzzer(target, corpus, seed: 1);
        for (var i = 0; i < 200_000; i++)
            if (fuzzer.Step() is { } finding) return finding;

        throw new InvalidOperationException("not found");
    }

    private static ulong Trace(int seed)
    {
        var fuzzer = new Fuzzer(Datagram, Corpus, seed);
        for (var i = 0; i < 500; i++) fuzzer.Step();
        return fuzzer.Trace;
    }

    private sealed class Planted(Func<byte[], bool> fails) : ISubject
    {
        public ulong Run(ReadOnlySpan<byte> input) => fails(input.ToArray()) ? throw new Violation("planted") : (ulong)input.Length;
    }
}
