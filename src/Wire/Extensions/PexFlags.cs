namespace Shoal.Wire.Extensions;

/// <summary>What is said of a peer that is told of (BEP 11). Bits that are not named here are passed over.</summary>
[Flags]
public enum PexFlags
{
    None = 0,
    PrefersEncryption = 0x01,

    /// <summary>A seed, or a peer that wants nothing (BEP 21).</summary>
    UploadOnly = 0x02,
    Utp = 0x04,
    HolePunching = 0x08,

    /// <summary>Whoever tells of it has connected to it there.</summary>
    Reachable = 0x10,
}
