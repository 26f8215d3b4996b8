using Shoal.Core;

namespace Shoal.Discovery.Trackers.Http;

/// <summary>What came of a request: a body, or why there is none.</summary>
/// <param name="Body">Of at most <see cref="HttpReplyReader.MaxLength"/> bytes; null with <paramref name="Trouble"/>.</param>
/// <param name="Status">HTTP's.</param>
/// <param name="From">The scope of the address that answered.</param>
internal readonly record struct HttpAnswer(byte[]? Body, int Status, NetworkScope From, string? Trouble)
{
    public bool IsOk => Status is >= 200 and < 300;

    public static HttpAnswer Failed(string trouble) => new(null, 0, NetworkScope.None, trouble);
}
