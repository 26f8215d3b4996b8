using Shoal.Core;

namespace Shoal.Dht.Queries;

/// <summary>A query of ours that is not answered yet, and on whose behalf it was sent; on nobody's, it only shows who lives.</summary>
/// <param name="Transaction">What the answer must name.</param>
/// <param name="To">Who must give it.</param>
/// <param name="Asker">Who hears of it.</param>
/// <param name="Subject">What the asker knows it by.</param>
/// <param name="SentAt">When.</param>
/// <param name="SlowAt">From when on it counts as slow.</param>
internal sealed record PendingQuery(uint Transaction, NetEndPoint To, IAsker? Asker, object? Subject, TimeSpan SentAt, TimeSpan SlowAt)
{
    public bool IsSlow { get; set; }
}
