using Shoal.Core;
using Shoal.Engine.Encryption;
using Shoal.Wire.Encryption;
using Xunit;

namespace Shoal.Unit.Engine;

public sealed class ObfuscatedKeysTests
{
    [Fact]
    public void FindsTheSwarmsThatAreJoined_AndNoOthers()
    {
        var random = new Random(1);
        var keys = Enumerable.Range(0, 10_000).Select(_ => Hash160.Random(random)).ToList();
        var joined = keys.ToHashSet();
        var obfuscated = new ObfuscatedKeys(joined.Contains);
        foreach (var key in keys) obfuscated.Update(key);
        joined.Remove(keys[5]);

        obfuscated.Update(keys[5]);

        Assert.All(keys.Where(k => k != keys[5]), key => Assert.Equal(key, obfuscated.Find(HandshakeHash.OfSwarm(key))));
        Assert.Null(obfuscated.Find(HandshakeHash.OfSwarm(keys[5])));
        Assert.Null(obfuscated.Find(keys[0]));
    }
}
