namespace Shoal.Engine;

/// <summary>One connection within one swarm, never used again for another.</summary>
internal readonly record struct PeerKey(int Value);
