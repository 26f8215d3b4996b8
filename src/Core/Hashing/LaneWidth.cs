namespace Shoal.Core.Hashing;

/// <summary>How many messages are hashed at once.</summary>
internal enum LaneWidth
{
    /// <summary>The platform's own hash.</summary>
    One = 1,

    /// <summary>AVX2.</summary>
    Eight = 8,

    /// <summary>AVX-512.</summary>
    Sixteen = 16,
}
