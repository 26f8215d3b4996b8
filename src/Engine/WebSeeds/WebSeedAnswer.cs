namespace Shoal.Engine.WebSeeds;

/// <summary>What a server says to a request for a part of a file.</summary>
/// <param name="Body">The bytes asked for come next; null if there are none to come.</param>
/// <param name="End">Without a body: whether it is worth asking again.</param>
/// <param name="RetryAfter">Not before that; zero if the server does not say.</param>
internal sealed record WebSeedAnswer(Stream? Body, WebSeedEnd End, TimeSpan RetryAfter) : IDisposable
{
    public HttpResponseMessage? Response { get; init; }

    public void Dispose() => Response?.Dispose();
}
