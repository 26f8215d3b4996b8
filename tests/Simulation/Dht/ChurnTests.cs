using Shoal.Core;
using Xunit;

namespace Shoal.Simulation.Dht;

public sealed class ChurnTests(ITestOutputHelper output)
{
    [Fact]
    public void FindsKeys_WithThousandNodesLossAndChurn() => FindsKeys(1000, 41);

    /// <summary>Minutes long: <c>./build simulate</c> runs it.</summary>
    [Fact(Explicit = true)]
    public void FindsKeys_WithTenThousandNodesLossAndChurn() => FindsKeys(10_000, 42);

    [Fact]
    public void HopsGrowWithLogarithmOfSize()
    {
        var sizes = new Dictionary<int, LookupFigures> { [60] = Quiet(60, 43), [250] = Quiet(250, 44), [1000] = Quiet(1000, 45) };
        foreach (var (size, figures) in sizes) output.WriteLine(figures.Table($"{size} nodes, 50 ms round trip"));

        Assert.All(sizes.Values, f => Assert.Equal(1, f.Share));
        Assert.True(sizes[1000].MedianMilliseconds <= 100, "more than two round trips");
        Assert.True(sizes[1000].MeanHops <= 2);
        Assert.True(sizes[1000].MeanHops - sizes[250].MeanHops <= 1);
    }

    /// <summary>As above, at ten thousand.</summary>
    [Fact(Explicit = true)]
    public void HopsGrowWithLogarithmOfSize_UpToTenThousand()
    {
        var figures = Quiet(10_000, 46);
        output.WriteLine(figures.Table("10,000 nodes, 50 ms round trip"));

        Assert.Equal(1, figures.Share);
        Assert.True(figures.MeanHops <= 4);
    }

    private static LookupFigures Quiet(int size, int seed)
    {
        var city = new DhtCity(seed) { IsGlobal = true, Network = { Jitter = TimeSpan.Zero } };
        city.Populate(size, TimeSpan.FromSeconds(size / 10.0));
        city.Network.RunFor(TimeSpan.FromMinutes(20));
        var keys = Enumerable.Range(0, 100).Select(_ => (Key: Hash160.Random(city.Network.Random), By: city.Anybody())).ToList();
        foreach (var (key, by) in keys) city.Announce(by, key, 9000);
        city.Network.RunFor(TimeSpan.FromSeconds(30));

        var figures = new LookupFigures();
        foreach (var (key, by) in keys) figures.Add(city.Find(city.Anybody(), key), by.EndPoint.WithPort(9000));
        city.Network.RunFor(TimeSpan.FromSeconds(30));
        return figures;
    }

    private void FindsKeys(int size, int seed)
    {
        var city = DhtCity.Of(size, seed, TimeSpan.FromSeconds(size / 10.0), global: true);
        city.Network.Loss = 0.05;
        var staying = new HashSet<Resident>();
        while (staying.Count < 50) staying.Add(city.Anybody());
        var keys = Enumerable.Range(0, 100).Select(_ => (Key: Hash160.Random(city.Network.Random), By: city.AnybodyOf(staying))).ToList();
        foreach (var (key, by) in keys) city.Announce(by, key, 9000);

        var figures = new LookupFigures();
        var next = 0;
        city.Churn(0.3, TimeSpan.FromHours(1), staying, () =>
        {
            for (var i = 0; i < 20; i++, next++) figures.Add(city.Find(city.Anybody(), keys[next % keys.Count].Key), keys[next % keys.Count].By.EndPoint.WithPort(9000));
        });
        city.Network.RunFor(TimeSpan.FromSeconds(30));

        output.WriteLine(figures.Table($"{size} nodes, 5 % loss, 30 % of them replaced in an hour"));
        output.WriteLine($"{city.Network.Sent / (double)size / 60:0.0} datagrams a node and minute; about {city.Residents[0].Node.Lookups.Size.Nodes:0} nodes by the estimate of one");
        Assert.True(figures.Share >= 0.99, $"seed {seed}");
    }
}
