namespace Shoal.Discovery.Local;

/// <summary>Why a name is said now; the last in this order goes first.</summary>
internal enum Urgency
{
    /// <summary>It is time again.</summary>
    Routine,

    /// <summary>Nobody was told yet, or only once.</summary>
    New,

    /// <summary>Somebody new is there to hear it.</summary>
    Asked,
}
