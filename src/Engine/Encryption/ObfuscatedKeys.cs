using System.Collections.Concurrent;
using Shoal.Core;
using Shoal.Wire.Encryption;

namespace Shoal.Engine.Encryption;

/// <summary>The swarms that a process is in, by what stands for them in an encrypted handshake: one look for any number of swarms. A leaf: any thread may call.</summary>
/// <param name="isJoined">Whether a swarm is one of ours at this time, by its key.</param>
internal sealed class ObfuscatedKeys(Func<Hash160, bool> isJoined)
{
    private readonly ConcurrentDictionary<Hash160, Hash160> _keys = new();
    private readonly Lock _lock = new();

    /// <returns>The key of the swarm; null if it is none of ours.</returns>
    public Hash160? Find(Hash160 obfuscated) => _keys.TryGetValue(obfuscated, out var key) ? key : null;

    /// <summary>A swarm was joined or left. Whoever comes last sees how it stands, so it does not matter who that is.</summary>
    public void Update(Hash160 key)
    {
        lock (_lock)
        {
            var obfuscated = HandshakeHash.OfSwarm(key);
            if (isJoined(key)) _keys[obfuscated] = key;
            else _keys.TryRemove(obfuscated, out _);
        }
    }
}
