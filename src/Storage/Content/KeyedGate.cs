namespace Shoal.Storage.Content;

/// <summary>Lets one at a time through for each key.</summary>
internal sealed class KeyedGate<TKey>
    where TKey : notnull
{
    private readonly Dictionary<TKey, (SemaphoreSlim Gate, int Users)> _gates = [];

    public async Task<IDisposable> EnterAsync(TKey key, CancellationToken ct)
    {
        SemaphoreSlim gate;
        lock (_gates)
        {
            var (known, users) = _gates.GetValueOrDefault(key);
            gate = known ?? new SemaphoreSlim(1);
            _gates[key] = (gate, users + 1);
        }

        try
        {
            await gate.WaitAsync(ct);
        }
        catch (OperationCanceledException)
        {
            Leave(key);
            throw;
        }

        return new Pass(this, key, gate);
    }

    private void Leave(TKey key)
    {
        lock (_gates)
        {
            var (gate, users) = _gates[key];
            if (users == 1) _gates.Remove(key);
            else _gates[key] = (gate, users - 1);
        }
    }

    private sealed class Pass(KeyedGate<TKey> owner, TKey key, SemaphoreSlim gate) : IDisposable
    {
        public void Dispose()
        {
            gate.Release();
            owner.Leave(key);
        }
    }
}
