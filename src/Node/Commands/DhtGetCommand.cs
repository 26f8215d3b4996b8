using System.Text;
using Shoal.Core;
using Shoal.Core.Bencode;
using Shoal.Dht.Items;
using Shoal.Node.Events;

namespace Shoal.Node.Commands;

/// <summary>Gets an item from the DHT (BEP 44). Goes on asking until somebody has it or the time is up.</summary>
internal sealed class DhtGetCommand(NodeServices services, Reporter reporter)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    public async Task<ExitCode> RunAsync(DhtGetRequest request, CancellationToken ct)
    {
        if (!Hash160.TryParse(request.Target, out var target)) throw new ShoalException("bad-link", $"{request.Target} is no target. One is 40 hexadecimal digits.");

        using var session = new DhtSession(services, request.Bootstrap, request.Timeout, ct);
        var hasAnswer = false;
        try
        {
            while (true)
            {
                var result = await session.Dht.GetItemAsync(target, request.Salt, session.Token);
                hasAnswer = true;
                if (result.Item is { } item)
                {
                    reporter.Report(Describe(item, result.Copies, result.Elapsed));
                    return ExitCode.Done;
                }

                if (request.Once) break;
                await Task.Delay(Pause, session.Clock, session.Token);
            }
        }
        catch (OperationCanceledException) when (session.IsTimeUp)
        {
            // nobody had it
        }

        reporter.Report(hasAnswer
            ? new ErrorEvent("not-found", $"Nobody was found who has {target} within {request.Timeout:0.##} s. Nodes forget an item two hours after it was last put; one with a salt is found with --salt only.")
            : session.Silence());
        return ExitCode.NobodyHasIt;
    }

    private static ValueEvent Describe(DhtItem item, int copies, TimeSpan elapsed) => new(
        item.Target.ToString(), Text(item.Value.Span), Convert.ToHexStringLower(item.Value.Span), item.IsMutable ? Convert.ToHexStringLower(item.PublicKey.Span) : null,
        item.IsMutable ? item.Sequence : null, copies, Math.Round(elapsed.TotalSeconds, 3));

    /// <summary>The text of a string that holds nothing else; null for any other value.</summary>
    private static string? Text(ReadOnlySpan<byte> value)
    {
        var reader = new BencodeReader(value);
        if (!reader.TryReadString(out var bytes)) return null;

        try
        {
            var text = Strict.GetString(bytes);
            return text.Any(c => char.IsControl(c) && c is not ('\n' or '\r' or '\t')) ? null : text;
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }
}
