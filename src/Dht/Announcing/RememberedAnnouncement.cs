using Shoal.Core;

namespace Shoal.Dht.Announcing;

/// <summary>What an earlier run of this program announced.</summary>
/// <param name="Key">Under which key.</param>
/// <param name="Port">Where it accepted connections.</param>
/// <param name="Age">How long ago.</param>
internal readonly record struct RememberedAnnouncement(Hash160 Key, int Port, TimeSpan Age);
