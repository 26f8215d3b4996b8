namespace Shoal.Engine.Limits;

/// <summary>The limits of both directions, of a torrent or of a whole process.</summary>
public sealed record TransferLimits(RateLimiter Download, RateLimiter Upload)
{
    /// <summary>Of a part, without limits of its own so far.</summary>
    public static TransferLimits Within(TransferLimits whole) => new(new RateLimiter(0, whole.Download), new RateLimiter(0, whole.Upload));

    /// <summary>As they are now.</summary>
    public TransferRates Rates => new(Download.BytesPerSecond, Upload.BytesPerSecond);

    /// <summary>Changes what is given; null leaves it as it is.</summary>
    public void Set(long? download, long? upload)
    {
        if (download is { } down) Download.BytesPerSecond = down;
        if (upload is { } up) Upload.BytesPerSecond = up;
    }
}
