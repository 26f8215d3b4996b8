namespace Shoal.Discovery.Local;

/// <summary>Why peers of a torrent are heard, and so what is said of it.</summary>
public enum LocalInterest
{
    /// <summary>Who has it? It is asked for, and we take no part.</summary>
    Find,

    /// <summary>We fetch it: announced at our TCP port; without one, asked for.</summary>
    Get,

    /// <summary>We have it: announced at our TCP port; without one, nothing is said.</summary>
    Share,
}
