namespace Shoal.Discovery.Local;

/// <summary>What is said of a name; of several for one name the last in this order.</summary>
internal enum Saying
{
    Nothing,
    Wanted,
    Announced,
}
