using Shoal.Wire.Encryption;

namespace Shoal.Engine;

/// <summary>The chance that swarms and connections of one engine draw from. A leaf: any thread may call.</summary>
internal sealed class SharedRandom(Random random)
{
    private readonly Lock _lock = new();

    /// <summary>For a source of chance of one's own.</summary>
    public int NextSeed()
    {
        lock (_lock) return random.Next();
    }

    public HandshakeSecrets NextSecrets()
    {
        lock (_lock) return HandshakeSecrets.Draw(random);
    }
}
