namespace Shoal.Http.Control;

/// <summary>What the holder of a store can do for others. What it cannot, they wait for until the store is free.</summary>
/// <param name="Fetches">It is on the network.</param>
/// <param name="Serves">It also uploads.</param>
public sealed record ControlScope(bool Fetches, bool Serves);
