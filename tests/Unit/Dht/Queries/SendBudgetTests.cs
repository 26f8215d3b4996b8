using Shoal.Dht.Queries;
using Xunit;

namespace Shoal.Unit.Dht.Queries;

public sealed class SendBudgetTests
{
    [Fact]
    public void HoldsTheCeiling()
    {
        var budget = new SendBudget(bytesPerSecond: 10_000);
        var sent = 0;
        for (var ms = 0; ms < 10_000; ms += 3)
        {
            for (var i = 0; i < 10 && budget.HasRoom(TimeSpan.FromMilliseconds(ms)); i++)
            {
                budget.Spend(100);
                sent += 100;
            }
        }

        Assert.InRange(sent, 98_000, 104_000);
    }

    [Fact]
    public void LetsEverythingGo_WithoutOne()
    {
        var budget = new SendBudget(bytesPerSecond: 0);
        budget.Spend(1_000_000);

        Assert.True(budget.HasRoom(TimeSpan.Zero));
    }
}
