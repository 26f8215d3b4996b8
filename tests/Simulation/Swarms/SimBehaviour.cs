namespace Shoal.Simulation.Swarms;

internal enum SimBehaviour
{
    Honest,

    /// <summary>Sends blocks that are wrong.</summary>
    Liar,

    /// <summary>Takes requests and never answers them.</summary>
    Staller,

    /// <summary>Takes and gives nothing.</summary>
    FreeRider,
}
