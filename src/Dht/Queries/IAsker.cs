using Shoal.Dht.Krpc;

namespace Shoal.Dht.Queries;

/// <summary>Whoever had a query sent, and hears what became of it: slow at most once, then answered or failed; a late answer comes after slow.</summary>
internal interface IAsker
{
    /// <summary>A response or an error, from whom it was asked.</summary>
    void Answered(PendingQuery query, in KrpcMessage answer, Turn turn);

    /// <summary>It has taken longer than most answers do; it may still come.</summary>
    void Slow(PendingQuery query, Turn turn);

    void Failed(PendingQuery query, Turn turn);
}
