using Shoal.Engine.Limits;
using Shoal.Node.Events;
using Shoal.Node.Standing;

namespace Shoal.Node.Commands;

/// <summary>Changes or says the rate limits of the process that is on the network with the store, or of one torrent in it. They end with it.</summary>
internal sealed class LimitCommand(NodeServices services, Reporter reporter)
{
    public Task<ExitCode> RunAsync(LimitRequest request)
    {
        if (services.Network is not { Engine: { } engine })
        {
            throw new ShoalException(
                "not-running", "Nothing runs on this store, so there is nothing to limit: limits end with the command that they hold for. 'get', 'share' and 'node' take --download-limit and --upload-limit.");
        }

        if (request.Id is null)
        {
            engine.Limits.Set(request.DownloadLimit, request.UploadLimit);
            Report(null, null, engine.Limits.Rates);
            return Task.FromResult(ExitCode.Done);
        }

        foreach (var torrent in HeldTorrent.Select(services, request.Id))
        {
            var id = torrent.Swarm?.InfoHash ?? torrent.Id;
            Report(torrent.Id.ToString(), torrent.Name, engine.Limit(id, request.DownloadLimit, request.UploadLimit));
        }

        return Task.FromResult(ExitCode.Done);
    }

    private void Report(string? id, string? name, TransferRates rates) => reporter.Report(new LimitEvent(id, name, rates.Download, rates.Upload));
}
