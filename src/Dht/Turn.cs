namespace Shoal.Dht;

/// <summary>One handling of something by the core: when it happens, and where what is to be done goes.</summary>
/// <param name="Now">Monotonic, since start.</param>
/// <param name="Outbox">Takes datagrams and events.</param>
internal readonly record struct Turn(TimeSpan Now, Outbox Outbox);
