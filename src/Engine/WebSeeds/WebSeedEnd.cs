namespace Shoal.Engine.WebSeeds;

/// <summary>How it stands with a web seed whose connection ended.</summary>
internal enum WebSeedEnd
{
    /// <summary>We let go of it.</summary>
    LetGo,

    /// <summary>It failed, and may do better later.</summary>
    Later,

    /// <summary>It has not what we want, or not in parts.</summary>
    Never,
}
