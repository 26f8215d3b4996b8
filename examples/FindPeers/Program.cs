// Who has it? FindPeers 10.0.0.5 8468 <40 hexadecimal digits>
using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Shoal.Core;
using Shoal.Dht;
using Shoal.Dht.Sockets;

if (args is not [var host, var port, var text] || !Hash160.TryParse(text, out var key))
{
    Console.Error.WriteLine("usage: FindPeers HOST PORT KEY    a node of the DHT to begin with, and 40 hexadecimal digits");
    return 2;
}

var address = (await Dns.GetHostAddressesAsync(host))[0];
var any = address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any;
var socket = UdpDatagramSocket.Bind(new IPEndPoint(IPAddress.IsLoopback(address) ? address : any, 0));
await using var dht = DhtService.Start([socket], new DhtOptions { ReadOnly = true }, TimeProvider.System, new SecureRandom(), NullLogger.Instance);
dht.AddBootstrap(new NetEndPoint(address, int.Parse(port)));

using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
var found = await dht.FindPeersAsync(key, peer => Console.WriteLine($"{peer.EndPoint}  {peer.Hops} hops, {peer.Elapsed.TotalMilliseconds:0.0} ms"), patience.Token);
Console.WriteLine($"{found.Peers} peers, {found.Contacts} contacts asked");
return found.Peers > 0 ? 0 : 3;
