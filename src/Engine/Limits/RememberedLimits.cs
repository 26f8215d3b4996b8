using Shoal.Core;

namespace Shoal.Engine.Limits;

/// <summary>The limits that somebody set of torrents, under each of their keys, whether they are joined just now or not. A leaf.</summary>
internal sealed class RememberedLimits
{
    private readonly Lock _lock = new();
    private readonly Dictionary<Hash160, TransferRates> _rates = [];

    /// <summary>What was set under the first key that has any, and holds for all of them from now on.</summary>
    public TransferRates Of(IReadOnlyList<Hash160> keys)
    {
        lock (_lock)
        {
            var rates = Find(keys);
            Keep(keys, rates);
            return rates;
        }
    }

    /// <summary>Changes what is given; null leaves it as it is.</summary>
    public TransferRates Set(IReadOnlyList<Hash160> keys, long? download, long? upload)
    {
        lock (_lock)
        {
            var before = Find(keys);
            var rates = new TransferRates(download ?? before.Download, upload ?? before.Upload);
            Keep(keys, rates);
            return rates;
        }
    }

    private TransferRates Find(IReadOnlyList<Hash160> keys)
    {
        foreach (var key in keys)
        {
            if (_rates.TryGetValue(key, out var rates)) return rates;
        }

        return default;
    }

    private void Keep(IReadOnlyList<Hash160> keys, TransferRates rates)
    {
        foreach (var key in keys)
        {
            if (rates == default) _rates.Remove(key);
            else _rates[key] = rates;
        }
    }
}
