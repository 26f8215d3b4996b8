namespace Shoal.Engine;

/// <summary>How much a piece is wanted: those wanted more are begun before those wanted less.</summary>
public enum PiecePriority
{
    /// <summary>Not wanted.</summary>
    None,
    Low,
    Normal,
    High,
}
