using Shoal.Dht.Krpc;

namespace Shoal.Dht.Lookups;

/// <summary>Whoever has a lookup run.</summary>
internal interface ILookupClient
{
    /// <summary>A contact has answered; what it said beyond contacts is the client's to read.</summary>
    void Answered(LookupRun run, Candidate candidate, in KrpcMessage answer, Turn turn);

    /// <summary>It is over, and not called for a lookup that was cancelled.</summary>
    void Ended(LookupRun run, Turn turn);
}
