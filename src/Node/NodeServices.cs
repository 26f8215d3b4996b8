using Shoal.Node.Network;
using Shoal.Node.Torrents;
using Shoal.Storage;

namespace Shoal.Node;

/// <summary>What a running node consists of, for the commands that use it. Without a network (offline) the last four are null.</summary>
internal sealed record NodeServices(NodeOptions Options, Store Store, NodeNetwork? Network, SwarmTable? Swarms, StoreServing? Serving, RunServing? Runs);
