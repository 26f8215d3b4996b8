using System.Diagnostics;
using System.Globalization;
using Shoal.Dht;

namespace Shoal.Micro;

/// <summary>
/// How many queries the core of the DHT answers in a second on one thread, and what it allocates to each: no sockets, a full routing table,
/// ten thousand keys. Medians of five.
/// </summary>
internal static class DhtBench
{
    private const int Repeats = 5;
    private const int Queries = 200_000;

    public static int Run(TextWriter output)
    {
        var town = new DhtTown();
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{town.Contacts} contacts, {town.Keys} keys, {town.Peers} peers, {town.Items} items; median of {Repeats} x {Queries}"));
        output.WriteLine();
        output.WriteLine($"{"query",-22}{"a second",14}{"ns each",12}{"B each",10}{"B answer",10}");
        foreach (var (_, queries) in town.Mixes) Answer(town, queries, Queries / 4);
        foreach (var (name, queries) in town.Mixes)
        {
            var rates = new double[Repeats];
            var allocated = 0.0;
            for (var i = 0; i < Repeats; i++)
            {
                var before = GC.GetAllocatedBytesForCurrentThread();
                var start = Stopwatch.GetTimestamp();
                Answer(town, queries, Queries);
                rates[i] = Queries / Stopwatch.GetElapsedTime(start).TotalSeconds;
                allocated = (GC.GetAllocatedBytesForCurrentThread() - before) / (double)Queries;
            }

            Array.Sort(rates);
            var median = rates[Repeats / 2];
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"{name,-22}{median,14:N0}{1e9 / median,12:N0}{allocated,10:N2}{Length(town, queries),10:N0}"));
        }

        return 0;
    }

    private static void Answer(DhtTown town, Query[] queries, int count)
    {
        for (var i = 0; i < count; i++)
        {
            var query = queries[i % queries.Length];
            town.Node.Handle(query.Datagram, query.From, town.Local, town.Now, town.Outbox);
            if (town.Outbox.Count != 1) throw new InvalidOperationException($"{town.Outbox.Count} datagrams for one query");
            town.Outbox.Clear();
        }
    }

    private static double Length(DhtTown town, Query[] queries)
    {
        var total = 0;
        foreach (var query in queries)
        {
            town.Node.Handle(query.Datagram, query.From, town.Local, town.Now, town.Outbox);
            total += town.Outbox.Datagram(0).Length;
            town.Outbox.Clear();
        }

        return total / (double)queries.Length;
    }
}
