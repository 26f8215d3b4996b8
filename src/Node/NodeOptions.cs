using System.Net;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Shoal.Engine.Encryption;
using Shoal.Node.Network;

namespace Shoal.Node;

/// <summary>How a node runs. Checked once, when it starts.</summary>
public sealed record NodeOptions
{
    public const int DefaultPort = 9000;
    public const int DefaultDhtPort = 8468;

    /// <summary>The folder of the store; made if missing.</summary>
    public required string StorePath { get; init; }

    /// <summary>Addresses to listen on and to go out from; empty for all interfaces, IPv4 and IPv6.</summary>
    public IReadOnlyList<IPAddress> Listen { get; init; } = [];

    /// <summary>TCP. A default moves up to the next free port; one that was asked for and is taken is an error.</summary>
    public int Port { get; init; } = DefaultPort;

    public bool PortIsExact { get; init; }

    /// <summary>UDP, as <see cref="Port"/>.</summary>
    public int DhtPort { get; init; } = DefaultDhtPort;

    public bool DhtPortIsExact { get; init; }

    /// <summary>Nodes of the DHT to begin with, <c>host:port</c>.</summary>
    public IReadOnlyList<string> Bootstrap { get; init; } = [];

    /// <summary>Whether to join the public Mainline DHT: through <see cref="Routers"/>, and through whatever nodes peers and torrents name.</summary>
    public bool Public { get; init; }

    /// <summary>Where the public DHT is entered, <c>host:port</c>.</summary>
    public IReadOnlyList<string> Routers { get; init; } = PublicRouters.All;

    /// <summary>Bytes a second that the DHT may send; 0 for no limit, null for none but a modest one in public.</summary>
    public long? DhtLimit { get; init; }

    /// <summary>Peers to contact for every torrent, <c>host:port</c>.</summary>
    public IReadOnlyList<string> Peers { get; init; } = [];

    /// <summary>Whether peers and DHT nodes are looked for on the local network, and told of us; never from loopback addresses.</summary>
    public bool Lan { get; init; } = true;

    /// <summary>Whether streams to peers are encrypted.</summary>
    public EncryptionMode Encryption { get; init; }

    /// <summary>What is announced in the DHT; torrents on the local network and at trackers too. Null for chunks, and for torrents in public, since a file ID tells whoever has the same file that it is here.</summary>
    public AnnounceLevel? Announce { get; init; }

    /// <summary>What is announced, once that is settled.</summary>
    public AnnounceLevel Level => Announce ?? (Public ? AnnounceLevel.Torrents : AnnounceLevel.Chunks);

    /// <summary>Whether anything is.</summary>
    public bool Announces => Level != AnnounceLevel.None;

    /// <summary>Whether the node answers queries of the DHT; a node that soon leaves does not (BEP 43).</summary>
    public bool ReadOnlyDht { get; init; }

    /// <summary>Whether everything the store holds is served, or only what commands name.</summary>
    public bool ServeStore { get; init; }

    /// <summary>False for a node that only downloads: no listener, no announcement, no upload.</summary>
    public bool Upload { get; init; } = true;

    /// <summary>True for work on the store alone: no socket is bound and nobody is contacted.</summary>
    public bool Offline { get; init; }

    /// <summary>Bytes that the store may bring here by downloads and copies of its own, remembered in it; 0 for no limit, null to leave it as it is.</summary>
    public long? Quota { get; init; }

    /// <summary>Bytes per second read from sockets, to begin with; 0 for no limit.</summary>
    public long DownloadLimit { get; init; }

    /// <summary>Bytes per second written to sockets, to begin with; 0 for no limit.</summary>
    public long UploadLimit { get; init; }

    /// <summary>Whether the limits count peers at loopback, link-local and private addresses too.</summary>
    public bool LimitLan { get; init; } = true;

    /// <summary>Bytes for buffers. Open pieces stay within half of it.</summary>
    public long Memory { get; init; } = 64 * 1024 * 1024;

#pragma warning disable RS0030 // the facade is where the real clock comes in
    /// <summary>The time all rooms live in.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;
#pragma warning restore RS0030

    public ILoggerFactory Logging { get; init; } = NullLoggerFactory.Instance;
}
