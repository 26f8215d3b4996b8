using Shoal.Dht;

namespace Shoal.Fuzz.Targets;

/// <summary>The file in which the DHT keeps what it knows between runs: whatever a disk makes of it.</summary>
internal sealed class StateSubject : ISubject
{
    public ulong Run(ReadOnlySpan<byte> input)
    {
        var limit = 16 * 1024 + 32L * input.Length;
        var before = GC.GetAllocatedBytesForCurrentThread();
        var isRead = DhtState.TryRead(input, out var state);
        Violation.UnlessAllocatedWithin(limit, before);

        var outcome = new Outcome();
        outcome.Add(isRead);
        outcome.AddSize(input.Length);
        if (!isRead) return outcome.Hash;

        outcome.AddSize(state.EndPoints.Count);
        foreach (var endPoint in state.EndPoints.Take(4)) outcome.Add((int)endPoint.Scope);
        Violation.Unless(DhtState.TryRead(state.ToBytes(), out var again), "cannot read what it wrote");
        Violation.Unless(again.Nodes.SequenceEqual(state.Nodes) && again.EndPoints.SequenceEqual(state.EndPoints) && again.Announcements.SequenceEqual(state.Announcements) && again.SavedAt == state.SavedAt, "written it differs");
        return outcome.Hash;
    }
}
