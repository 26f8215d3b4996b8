using CsCheck;
using Shoal.Core;
using Shoal.Dht.Serving;
using Xunit;

namespace Shoal.Unit.Dht.Serving;

public sealed class NearestKeysTests
{
    private static readonly Hash160 Self = Hash160.Random(new Random(7));

    [Fact]
    public void HasFarthestOnTop_WhateverComesAndGoes() =>
        Gen.Select(Gen.Int, Gen.Int[1, 60]).Sample((seed, steps) =>
        {
            var random = new Random(seed);
            var keys = new NearestKeys<Entry>(Self, max: 100, random);
            var expected = new List<Entry>();
            for (var i = 0; i < steps; i++)
            {
                if (expected.Count > 0 && random.Next(3) == 0)
                {
                    var gone = expected[random.Next(expected.Count)];
                    expected.Remove(gone);
                    keys.Remove(gone);
                }
                else
                {
                    expected.Add(new Entry(Hash160.Random(random)));
                    keys.Add(expected[^1]);
                }

                if (random.Next(10) == 0) keys.Self = Hash160.Random(random);
                if (expected.Count != keys.Count) return false;
                if (expected.Count > 0 && keys.Farthest != expected.MaxBy(e => e.Key ^ keys.Self)) return false;
            }

            return expected.TrueForAll(e => keys.TryGet(e.Key, out var found) && found == e && keys[e.Place] == e);
        });

    private sealed class Entry(Hash160 key) : KeyEntry(key);
}
