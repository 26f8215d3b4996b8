using Shoal.Dht;

namespace Shoal.Node.Network;

/// <summary>
/// Keeps what the DHT knows in the store's folder: soon after the start, then every few minutes, and at the end, so that a node that was killed is back in its network at once.
/// What was learnt in public stays apart, or a run without <c>--public</c> would contact strangers.
/// </summary>
internal sealed class DhtStateFile(string store, bool isPublic, TimeProvider clock) : IAsyncDisposable
{
    private static readonly TimeSpan First = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Every = TimeSpan.FromMinutes(2);

    private readonly string _path = Path.Combine(store, isPublic ? "dht-public.state" : "dht.state");
    private readonly CancellationTokenSource _stop = new();
    private Task _keeping = Task.CompletedTask;

    public byte[] Load()
    {
        try
        {
            return File.Exists(_path) ? File.ReadAllBytes(_path) : [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    public void Keep(DhtService dht) => _keeping = KeepAsync(dht);

    /// <summary>Saves for the last time; the service still runs.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _keeping;
        _stop.Dispose();
    }

    private async Task KeepAsync(DhtService dht)
    {
        for (var pause = First; !_stop.IsCancellationRequested; pause = Every)
        {
            try
            {
                await Task.Delay(pause, clock, _stop.Token);
            }
            catch (OperationCanceledException)
            {
                // the last time
            }

            try
            {
                Save(await dht.SaveStateAsync(CancellationToken.None));
            }
            catch (OperationCanceledException)
            {
                return; // the DHT has stopped on an error, which it has told
            }
        }
    }

    private void Save(byte[] state)
    {
        try
        {
            File.WriteAllBytes(_path + ".new", state);
            File.Move(_path + ".new", _path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // a convenience for the next start, no more
        }
    }
}
