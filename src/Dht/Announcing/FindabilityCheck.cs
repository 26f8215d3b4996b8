using Shoal.Core;
using Shoal.Dht.Krpc;
using Shoal.Dht.Lookups;
using Shoal.Dht.Routing;

namespace Shoal.Dht.Announcing;

/// <summary>Looks for what we announced as a stranger would, from contacts anywhere; found is an answer that names our own address and port.</summary>
internal sealed class FindabilityCheck(Announcer announcer, OwnAnnouncement announcement, ExternalAddress external, LookupTable lookups) : ILookupClient
{
    public void Begin(Turn turn) => lookups.Begin(new LookupGoal(announcement.Key, LookupKind.Peers) { FromAnywhere = true }, this, turn);

    public void Answered(LookupRun run, Candidate candidate, in KrpcMessage answer, Turn turn)
    {
        var values = answer.Values;
        while (values.TryNext(out var peer))
        {
            if (peer.Port != announcement.Port || !external.MayBeOurs(peer)) continue;

            lookups.Cancel(run.Number);
            announcer.Checked(announcement, new CheckResult(true, candidate.Hops, turn.Now - run.StartedAt), run.Queries, turn);
            return;
        }
    }

    public void Ended(LookupRun run, Turn turn) => announcer.Checked(announcement, new CheckResult(false, run.MaxHops, turn.Now - run.StartedAt), run.Queries, turn);
}
