namespace Shoal.Engine.Limits;

/// <summary>Bytes a second in each direction; 0 for no limit.</summary>
public readonly record struct TransferRates(long Download, long Upload);
