namespace Shoal.Storage.Disk;

/// <summary>Tells whether the machine was started anew, and with it whether what was written but not flushed may be lost.</summary>
public interface IBoot
{
    /// <summary>Differs after every start of the machine.</summary>
    string Id { get; }
}
