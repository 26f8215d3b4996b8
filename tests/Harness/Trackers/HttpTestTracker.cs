using System.Buffers;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Shoal.Core;
using Shoal.Core.Bencode;

namespace Shoal.Harness.Trackers;

/// <summary>A small HTTP tracker on loopback (BEP 3, 7, 23, 48): it keeps who announced what, and answers as it is told to.</summary>
public sealed class HttpTestTracker : IAsyncDisposable
{
    private readonly PeerBook _book = new();
    private readonly TcpListener _listener;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _running;

    public HttpTestTracker(IPAddress? address = null)
    {
        _listener = new TcpListener(address ?? IPAddress.Loopback, 0);
        _listener.Start();
        _running = RunAsync();
    }

    public string Root => $"http://{_listener.LocalEndpoint}";

    public string Url => Root + "/announce";

    public IReadOnlyList<SeenAnnounce> Seen => _book.Seen;

    /// <summary>The first lines of requests that came, in order.</summary>
    public List<string> Requests { get; } = [];

    /// <summary>Bytes to send in place of an answer, given path and query; null to answer as a tracker.</summary>
    public Func<string, byte[]?> Scripted { get; set; } = static _ => null;

    public int Interval { get; set; } = 1800;

    /// <summary>Whether replies leave out how many there are, so that one has to scrape.</summary>
    public bool HidesCounts { get; set; }

    public static byte[] Response(string status, byte[] body, string headers = "") =>
        [.. Encoding.ASCII.GetBytes($"HTTP/1.1 {status}\r\nContent-Length: {body.Length}\r\nConnection: close\r\n{headers}\r\n"), .. body];

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _running;
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        var serving = new List<Task>();
        try
        {
            while (true) serving.Add(ServeAsync(await _listener.AcceptSocketAsync(_stop.Token)));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(serving);
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        try
        {
            using (socket)
            {
                var text = new StringBuilder();
                var buffer = new byte[4096];
                while (!text.ToString().Contains("\r\n\r\n", StringComparison.Ordinal))
                {
                    var read = await socket.ReceiveAsync(buffer, _stop.Token);
                    if (read == 0) return;
                    text.Append(Encoding.Latin1.GetString(buffer, 0, read));
                    if (buffer[0] == 0x16) return; // TLS
                }

                var target = text.ToString().Split(' ')[1];
                lock (Requests) Requests.Add(target);
                var from = NetEndPoint.From((IPEndPoint)socket.RemoteEndPoint!);
                var answer = Scripted(target) ?? Response("200 OK", Answer(target, from));
                await socket.SendAsync(answer, _stop.Token);
                socket.Shutdown(SocketShutdown.Send);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException)
        {
            // the client went, or we do
        }
    }

    private byte[] Answer(string target, NetEndPoint from)
    {
        var mark = target.IndexOf('?', StringComparison.Ordinal);
        var fields = target[(mark + 1)..].Split('&').Select(f => f.Split('=', 2)).ToLookup(f => f[0], f => f.Length > 1 ? f[1] : "");
        var torrents = fields["info_hash"].Select(text => new Hash160(Unescape(text))).ToList();
        var output = new ArrayBufferWriter<byte>();
        var writer = new BencodeWriter(output);
        writer.BeginDictionary();
        if (target.StartsWith("/scrape", StringComparison.Ordinal)) WriteScrape(writer, torrents);
        else WriteAnnounce(writer, torrents[0], from, fields, target);
        writer.End();
        return output.WrittenSpan.ToArray();
    }

    private void WriteScrape(BencodeWriter writer, List<Hash160> torrents)
    {
        writer.WriteString("files"u8);
        writer.BeginDictionary();
        foreach (var torrent in torrents.Order())
        {
            var (seeds, downloaders) = _book.Count(torrent);
            writer.WriteString(torrent);
            writer.BeginDictionary();
            writer.WriteString("complete"u8);
            writer.WriteInteger(seeds);
            writer.WriteString("downloaded"u8);
            writer.WriteInteger(0);
            writer.WriteString("incomplete"u8);
            writer.WriteInteger(downloaders);
            writer.End();
        }

        writer.End();
    }

    private void WriteAnnounce(BencodeWriter writer, Hash160 torrent, NetEndPoint from, ILookup<string, string> fields, string query)
    {
        long Number(string name) => long.Parse(fields[name].First(), CultureInfo.InvariantCulture);

        var peers = _book.Announce(new SeenAnnounce(
            torrent, from.WithPort((int)Number("port")), fields["event"].FirstOrDefault(""), Number("left"), Number("uploaded"), Number("downloaded"), (int)Number("numwant"), fields["key"].First(), query));
        var (seeds, downloaders) = _book.Count(torrent);
        if (!HidesCounts)
        {
            writer.WriteString("complete"u8);
            writer.WriteInteger(seeds);
            writer.WriteString("incomplete"u8);
            writer.WriteInteger(downloaders);
        }

        writer.WriteString("interval"u8);
        writer.WriteInteger(Interval);
        writer.WriteString(from.IsV6 ? "peers6"u8 : "peers"u8);
        var compact = new byte[peers.Sum(p => p.CompactLength)];
        for (var (i, at) = (0, 0); i < peers.Count; at += peers[i++].CompactLength) peers[i].WriteCompact(compact.AsSpan(at));
        writer.WriteString(compact);
    }

    private static byte[] Unescape(string text)
    {
        var bytes = new List<byte>();
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '%') bytes.Add((byte)text[i]);
            else
            {
                bytes.Add(Convert.FromHexString(text.AsSpan(i + 1, 2))[0]);
                i += 2;
            }
        }

        return [.. bytes];
    }
}
