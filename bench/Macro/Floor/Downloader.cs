using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Microsoft.Win32.SafeHandles;
using Shoal.Core;

namespace Shoal.Floor;

/// <summary>
/// Receives one file on one thread, 1,024 requests ahead: copies each block once, into its piece. A piece that is whole is proven and written with
/// one call by the thread pool; there are sixteen, and when all are full it waits.
/// </summary>
internal sealed class Downloader : IDisposable
{
    private const int Ahead = 1024;
    private const int Together = 64; // requests in one call
    private const int Buffers = 16;
    private const byte Request = 6; // BEP 3

    private readonly Layout _layout;
    private readonly byte[] _roots;
    private readonly SafeFileHandle _copy;
    private readonly Socket _socket;
    private readonly BlockingCollection<byte[]> _free = new(new ConcurrentStack<byte[]>());
    private readonly CountdownEvent _open;
    private readonly byte[] _requests = new byte[Together * Layout.RequestLength];
    private byte[]? _piece;
    private int _asked, _answered;
    private bool _isCorrupt;

    private Downloader(Socket socket, Layout layout, byte[] roots, SafeFileHandle copy)
    {
        (_socket, _layout, _roots, _copy) = (socket, layout, roots, copy);
        _open = new CountdownEvent(layout.Pieces);
        for (var i = 0; i < Buffers; i++) _free.Add(GC.AllocateUninitializedArray<byte>(Layout.PieceLength + Layout.BlocksPerPiece * Hash256.Length));
    }

    /// <summary>Starts a seed of the file, copies it, and says as JSON what that took.</summary>
    public static string Run(string path, string copy)
    {
        using var seed = StartSeed(path);
        var port = int.Parse(seed.StandardOutput.ReadLine()!, CultureInfo.InvariantCulture);
        var layout = new Layout(new FileInfo(path).Length);
        using var file = File.OpenHandle(copy, FileMode.Create, FileAccess.Write);
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };

        var cpu = Environment.CpuUsage.TotalTime;
        var start = Stopwatch.GetTimestamp();
        socket.Connect(IPAddress.Loopback, port);
        var roots = new byte[layout.Pieces * Hash256.Length];
        for (var at = 0; at < roots.Length;) at += socket.Receive(roots.AsSpan(at));
        using (var downloader = new Downloader(socket, layout, roots, file)) downloader.Fetch();
        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        var cost = Cost.Since(cpu);

        socket.Close();
        var seedCost = Cost.Parse(seed.StandardOutput.ReadLine()!);
        seed.WaitForExit();
        return string.Create(
            CultureInfo.InvariantCulture,
            $$"""{"seconds":{{seconds:F4}},"seedCpu":{{seedCost.CpuSeconds:F3}},"downloaderCpu":{{cost.CpuSeconds:F3}},"seedPeakMiB":{{seedCost.PeakMiB:F0}},"downloaderPeakMiB":{{cost.PeakMiB:F0}}}""");
    }

    public void Dispose()
    {
        _open.Dispose();
        _free.Dispose();
    }

    private static Process StartSeed(string path)
    {
        var program = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true };
        program.ArgumentList.Add("seed");
        program.ArgumentList.Add(path);
        return Process.Start(program)!;
    }

    private void Fetch()
    {
        const int longest = Layout.HeaderLength + Layout.BlockLength;
        var received = new byte[32 * longest];
        var held = 0;
        Ask();
        while (_answered < _layout.Blocks)
        {
            var count = _socket.Receive(received.AsSpan(held));
            if (count == 0) throw new IOException("the seed hung up");

            held += count;
            var at = 0;
            while (held - at >= Layout.HeaderLength && held - at >= sizeof(int) + BinaryPrimitives.ReadInt32BigEndian(received.AsSpan(at)))
            {
                var length = sizeof(int) + BinaryPrimitives.ReadInt32BigEndian(received.AsSpan(at));
                Take(received.AsSpan(at, length));
                at += length;
            }

            received.AsSpan(at, held - at).CopyTo(received);
            held -= at;
            Ask();
        }

        _open.Wait();
        if (_isCorrupt) throw new IOException("a piece is not what the seed said");
    }

    private void Ask()
    {
        while (_asked < _layout.Blocks && _asked - _answered <= Ahead - Together)
        {
            var count = Math.Min(Together, _layout.Blocks - _asked);
            for (var i = 0; i < count; i++, _asked++)
            {
                var request = _requests.AsSpan(i * Layout.RequestLength, Layout.RequestLength);
                BinaryPrimitives.WriteInt32BigEndian(request, Layout.RequestLength - sizeof(int));
                request[4] = Request;
                BinaryPrimitives.WriteInt32BigEndian(request[5..], _asked / Layout.BlocksPerPiece);
                BinaryPrimitives.WriteInt32BigEndian(request[9..], _asked % Layout.BlocksPerPiece * Layout.BlockLength);
                BinaryPrimitives.WriteInt32BigEndian(request[13..], _layout.LengthOfBlock(_asked));
            }

            _socket.Send(_requests.AsSpan(0, count * Layout.RequestLength));
        }
    }

    /// <summary>Blocks come in the order they were asked for.</summary>
    private void Take(ReadOnlySpan<byte> message)
    {
        var (piece, block) = (_answered / Layout.BlocksPerPiece, _answered % Layout.BlocksPerPiece);
        _piece ??= _free.Take();
        message[Layout.HeaderLength..].CopyTo(_piece.AsSpan(block * Layout.BlockLength));
        _answered++;
        if (block < Layout.BlocksPerPiece - 1 && _answered < _layout.Blocks) return;

        ThreadPool.UnsafeQueueUserWorkItem(static whole => whole.Of.Store(whole.Piece, whole.Buffer), (Of: this, Piece: piece, Buffer: _piece), preferLocal: false);
        _piece = null;
    }

    private void Store(int piece, byte[] buffer)
    {
        var data = buffer.AsSpan(0, _layout.LengthOfPiece(piece));
        if (Layout.Root(data, buffer.AsSpan(Layout.PieceLength)) == new Hash256(_roots.AsSpan(piece * Hash256.Length, Hash256.Length))) RandomAccess.Write(_copy, data, (long)piece * Layout.PieceLength);
        else _isCorrupt = true;

        _free.Add(buffer);
        _open.Signal();
    }
}
