using System.CommandLine;
using System.Net;
using Microsoft.Extensions.Logging;
using Shoal.Cli.Hosting;
using Shoal.Cli.Output;
using Shoal.Engine.Encryption;
using Shoal.Node;

namespace Shoal.Cli.Commands;

/// <summary>The options of commands that use the network.</summary>
internal sealed class NetworkOptions
{
    private readonly Shell _shell;
    private readonly StoreOptions _store;
    private readonly Option<IPAddress[]> _listen = Typed.Addresses("--listen", "An address to listen on and to go out from; repeatable (default: all interfaces)");
    private readonly Option<int?> _port = Typed.Port("--port", "TCP port (default: 9000, or the next free one)");
    private readonly Option<int?> _dhtPort = Typed.Port("--dht-port", "UDP port of the DHT (default: 8468, or the next free one)");
    private readonly Option<string[]> _bootstrap = Typed.HostPorts("--bootstrap", "A node of the DHT to begin with; repeatable");
    private readonly Option<bool> _public = new("--public") { Description = "Join the public DHT of BitTorrent, through its well-known routers" };
    private readonly Option<string[]> _router = Typed.HostPorts("--router", "With --public: a router to use instead of the well-known ones; repeatable");
    private readonly Option<long?> _dhtLimit = Typed.Rate("--dht-limit", "Bytes a second that the DHT may send (default: no limit; 128KiB with --public)");
    private readonly Option<string[]> _peer = Typed.HostPorts("--peer", "A peer to contact; repeatable");
    private readonly Option<bool> _noLan = new("--no-lan") { Description = "Neither look for peers on the local network nor tell it of this one" };
    private readonly Option<EncryptionMode?> _encryption = Typed.Encryption("--encryption", "Of the streams to peers: allow, prefer, require or off (default: allow)");
    private readonly Option<string> _announce = new("--announce") { HelpName = "LEVEL", Description = "What is announced, none, torrents, files or chunks (default: chunks; with --public: torrents)" };
    private readonly Option<long?> _download = Typed.Rate("--download-limit", "Bytes a second, such as 5MB (default: 0, no limit)");
    private readonly Option<long?> _upload = Typed.Rate("--upload-limit", "Bytes a second, such as 5MB (default: 0, no limit)");
    private readonly Option<bool> _noLimitLan = new("--no-limit-lan") { Description = "Let the two limits not count peers at loopback, link-local and private addresses" };
    private readonly Option<long?> _memory = Typed.Memory("--memory", "Bytes for buffers, 4MiB at least (default: 64MiB)");

    public NetworkOptions(Shell shell)
    {
        _shell = shell;
        _store = new StoreOptions(shell);
        _announce.Validators.Add(result =>
        {
            var level = result.Tokens.Count > 0 ? result.Tokens[0].Value : "";
            if (level is not ("none" or "torrents" or "files" or "chunks")) result.AddError($"--announce: '{level}' is no level: write none, torrents, files or chunks.");
        });
        _router.Validators.Add(result =>
        {
            if (result.GetResult(_public) is not { Implicit: false }) result.AddError("--router says where to enter the public DHT: give --public too, or --bootstrap for another network.");
        });
    }

    /// <param name="command">Whose options they become.</param>
    /// <param name="usesPeers">Whether it contacts peers; else naming one is refused.</param>
    public void AddTo(Command command, bool usesPeers = true)
    {
        _store.AddTo(command);
        foreach (var option in (Option[])[_listen, _port, _dhtPort, _bootstrap, _public, _router, _peer, _noLan, _announce, _encryption, _download, _upload, _noLimitLan, _dhtLimit, _memory]) command.Options.Add(option);
        if (!usesPeers) command.Options.Remove(_peer);
    }

    public IReadOnlyList<string> Bootstrap(ParseResult parse) => parse.GetValue(_bootstrap) ?? [];

    public IReadOnlyList<string> Peers(ParseResult parse) => parse.GetValue(_peer) ?? [];

    public NodeOptions Read(ParseResult parse, bool verbose)
    {
        var options = _store.Read(parse);
        return options with
        {
            Offline = false,
            Listen = parse.GetValue(_listen) ?? [],
            Port = parse.GetValue(_port) ?? NodeOptions.DefaultPort,
            PortIsExact = parse.GetValue(_port) is not null,
            DhtPort = parse.GetValue(_dhtPort) ?? NodeOptions.DefaultDhtPort,
            DhtPortIsExact = parse.GetValue(_dhtPort) is not null,
            Bootstrap = Bootstrap(parse),
            Public = parse.GetValue(_public),
            Routers = parse.GetValue(_router) ?? options.Routers,
            DhtLimit = parse.GetValue(_dhtLimit),
            Peers = Peers(parse),
            Lan = !parse.GetValue(_noLan),
            Announce = parse.GetValue(_announce) is { } level ? Enum.Parse<AnnounceLevel>(level, ignoreCase: true) : null,
            Encryption = parse.GetValue(_encryption) ?? options.Encryption,
            DownloadLimit = parse.GetValue(_download) ?? 0,
            UploadLimit = parse.GetValue(_upload) ?? 0,
            LimitLan = !parse.GetValue(_noLimitLan),
            Memory = parse.GetValue(_memory) ?? options.Memory,
            Logging = new ScreenLogging(_shell.Screen, verbose ? LogLevel.Debug : LogLevel.Error),
        };
    }

    /// <summary>Whether it is one of these, other than where the store lies.</summary>
    public bool IsOfNetwork(Option option) =>
        ((Option[])[_listen, _port, _dhtPort, _bootstrap, _public, _router, _peer, _noLan, _announce, _encryption, _download, _upload, _noLimitLan, _dhtLimit, _memory]).Contains(option);

    /// <summary>The names of those given that only the start of a node settles.</summary>
    public IReadOnlyList<string> Settled(ParseResult parse) =>
        [.. ((Option[])[_listen, _port, _dhtPort, _public, _router, _noLan, _announce, _encryption, _download, _upload, _noLimitLan, _dhtLimit, _memory]).Where(option => parse.GetResult(option) is { Implicit: false }).Select(option => option.Name)];
}
