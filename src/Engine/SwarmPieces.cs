namespace Shoal.Engine;

/// <summary>The pieces of a swarm, and who of the connected peers has them. Immutable.</summary>
public sealed record SwarmPieces
{
    public static SwarmPieces Empty { get; } = new();

    public int Count { get; init; }

    /// <summary>Proven and present.</summary>
    public int Have { get; init; }

    /// <summary>Wanted, and not there.</summary>
    public int Missing { get; init; }

    /// <summary>How many of the missing pieces so many connected peers have: with nobody, with one, and so on; the last stands for all above too.</summary>
    public IReadOnlyList<int> Copies { get; init; } = [];

    /// <summary>Missing pieces that no connected peer has.</summary>
    public int WithNobody => Copies.Count > 0 ? Copies[0] : 0;

    /// <summary>The pieces in their order, so many together that a line can show them.</summary>
    public IReadOnlyList<PieceStretch> Strip { get; init; } = [];
}

/// <summary>Neighbouring pieces.</summary>
/// <param name="Have">How much of them is there, from 0 to 1.</param>
/// <param name="Copies">Of the wanted and missing one that the fewest connected peers have; null if none is missing.</param>
public readonly record struct PieceStretch(double Have, int? Copies);
