using Shoal.Dht.Items;
using Shoal.Node.Commands;
using Shoal.Node.Events;

namespace Shoal.Cli.Commands;

/// <summary>Something to be put into the DHT, as it was asked for.</summary>
/// <param name="Value">Bencoded.</param>
internal sealed record ItemWish(byte[] Value)
{
    public byte[] Salt { get; init; } = [];

    /// <summary>Null for one above what is found.</summary>
    public long? Sequence { get; init; }

    public long? Cas { get; init; }

    public double Timeout { get; init; }

    public IReadOnlyList<string> Bootstrap { get; init; } = [];

    /// <summary>As it is, never to be replaced.</summary>
    public Task<ExitCode> PutAsync(IShoalCommands commands, Action<ShoalEvent> tell, CancellationToken ct) =>
        commands.DhtPutAsync(new DhtPutRequest(Value) { Timeout = Timeout, Bootstrap = Bootstrap }, tell, ct);

    /// <summary>Signed.</summary>
    public async Task<ExitCode> PutAsync(ItemKey key, IShoalCommands commands, Action<ShoalEvent> tell, CancellationToken ct)
    {
        if (Sequence is { } given) return await PutAsync(key, given, isNext: false, commands, tell, ct);

        var (code, found, error) = await FindAsync(key, commands, tell, ct);
        if (found is null && error?.Code != "not-found")
        {
            if (error is not null) tell(error);
            return code;
        }

        if (found?.Sequence is not long.MaxValue) return await PutAsync(key, (found?.Sequence ?? 0) + 1, isNext: Cas is null, commands, tell, ct);

        tell(new ErrorEvent("sequence-spent", "What is there has the highest sequence number there is, and cannot be replaced. Use another --salt."));
        return ExitCode.Failed;
    }

    private Task<ExitCode> PutAsync(ItemKey key, long sequence, bool isNext, IShoalCommands commands, Action<ShoalEvent> tell, CancellationToken ct)
    {
        var item = DhtItem.Sign(key, Value, sequence, Salt);
        var request = new DhtPutRequest(Value)
        {
            PublicKey = item.PublicKey.ToArray(),
            Salt = Salt.Length > 0 ? Salt : null,
            Sequence = sequence,
            Signature = item.Signature.ToArray(),
            Cas = Cas,
            IsNext = isNext,
            Timeout = Timeout,
            Bootstrap = Bootstrap,
        };
        return commands.DhtPutAsync(request, tell, ct);
    }

    /// <summary>What is there already.</summary>
    private async Task<(ExitCode Code, ValueEvent? Found, ErrorEvent? Error)> FindAsync(ItemKey key, IShoalCommands commands, Action<ShoalEvent> tell, CancellationToken ct)
    {
        ValueEvent? found = null;
        ErrorEvent? error = null;
        var request = new DhtGetRequest(DhtItem.TargetOf(key.PublicKey.Span, Salt).ToString())
        {
            Salt = Salt.Length > 0 ? Salt : null,
            Once = true,
            Timeout = Timeout,
            Bootstrap = Bootstrap,
        };
        var code = await commands.DhtGetAsync(request, Hear, ct);
        return (code, found, error);

        void Hear(ShoalEvent e)
        {
            if (e is ValueEvent value) found = value;
            else if (e is ErrorEvent why) error = why;
            else tell(e);
        }
    }
}
