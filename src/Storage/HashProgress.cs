namespace Shoal.Storage;

/// <summary>How far hashing, proving or copying has come.</summary>
public readonly record struct HashProgress(long Bytes, long Length);
