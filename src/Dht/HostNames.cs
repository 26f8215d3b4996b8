using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Shoal.Core;

namespace Shoal.Dht;

/// <summary>
/// Bootstrap hosts that are known by name: resolved at once, and again, ever more rarely, as long as that fails or nobody answers at the addresses it gave.
/// Those that only somebody else named are resolved once. Owned by the service's loop, which it posts what it finds to.
/// </summary>
internal sealed partial class HostNames(Func<string, CancellationToken, Task<IPAddress[]>> resolve, Action<NetEndPoint, bool> found, ILogger logger)
{
    private const int MaxHosts = 64;
    private const int MaxHints = 16;

    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);

    private readonly List<Host> _hosts = [];

    /// <param name="host">Its name.</param>
    /// <param name="port">Where a node listens there.</param>
    /// <param name="configured">Whether the user named it.</param>
    public void Add(string host, int port, bool configured)
    {
        if (_hosts.Find(h => h.Name == host && h.Port == port) is { } known) known.IsConfigured |= configured;
        else if (_hosts.Count(h => h.IsConfigured == configured) < (configured ? MaxHosts : MaxHints)) _hosts.Add(new Host(host, port) { IsConfigured = configured });
    }

    /// <summary>Begins what is due.</summary>
    /// <param name="isStarved">Whether no contact answers.</param>
    /// <param name="now">Now.</param>
    /// <param name="ct">Stops it.</param>
    public IEnumerable<Task> Due(bool isStarved, TimeSpan now, CancellationToken ct)
    {
        foreach (var host in _hosts)
        {
            if (host.Resolving is { IsCompleted: false } || now < host.NextAt || (host.IsResolved && !isStarved) || (host.IsAsked && !host.IsConfigured)) continue;

            host.NextAt = now + host.Pause;
            host.Pause = host.Pause * 2 < LongestPause ? host.Pause * 2 : LongestPause;
            host.IsAsked = true;
            yield return host.Resolving = ResolveAsync(host, ct);
        }
    }

    private async Task ResolveAsync(Host host, CancellationToken ct)
    {
        try
        {
            var addresses = await resolve(host.Name, ct);
            foreach (var address in addresses) found(new NetEndPoint(address, host.Port), host.IsConfigured);
            host.IsResolved = addresses.Length > 0;
        }
        catch (SocketException e)
        {
            LogUnresolved(logger, host.Name, e.Message);
        }
        catch (ArgumentException e)
        {
            host.NextAt = TimeSpan.MaxValue; // too long or malformed: no later try will do better
            LogUnresolved(logger, host.Name, e.Message);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // Asked to stop.
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "bootstrap host {Host} is not resolved: {Reason}")]
    private static partial void LogUnresolved(ILogger logger, string host, string reason);

    private sealed class Host(string name, int port)
    {
        public string Name => name;

        public int Port => port;

        public Task? Resolving { get; set; }

        /// <summary>Whether the user named it.</summary>
        public bool IsConfigured { get; set; }

        public bool IsAsked { get; set; }

        public bool IsResolved { get; set; }

        public TimeSpan NextAt { get; set; }

        public TimeSpan Pause { get; set; } = FirstPause;
    }
}
