namespace Shoal.Core.Geometry;

/// <summary>A run of pieces.</summary>
public readonly record struct PieceRange(PieceIndex First, int Count);
