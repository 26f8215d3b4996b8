using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Microsoft.Win32.SafeHandles;
using Shoal.Core;

namespace Shoal.Floor;

/// <summary>
/// Sends one file to one downloader, on one thread: reads up to 32 blocks that were asked for one after the other with one call, between their
/// headers, and sends them with one call.
/// </summary>
internal static class Seed
{
    private const int MostTogether = 32;
    private const int SlotLength = Layout.HeaderLength + Layout.BlockLength;

    /// <summary>Prints a port, sends the roots of all pieces to whoever connects, answers requests until it hangs up, prints a <see cref="Cost"/>.</summary>
    public static void Run(string path)
    {
        using var file = File.OpenHandle(path);
        var layout = new Layout(RandomAccess.GetLength(file));
        var roots = Roots(file, layout);
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        Console.WriteLine(((IPEndPoint)listener.LocalEndPoint!).Port);

        using var socket = listener.Accept();
        socket.NoDelay = true;
        var cpu = Environment.CpuUsage.TotalTime;
        socket.Send(roots);
        Serve(socket, file, layout);
        Console.WriteLine(Cost.Since(cpu));
    }

    private static byte[] Roots(SafeFileHandle file, Layout layout)
    {
        var roots = new byte[layout.Pieces * Hash256.Length];
        var scratch = new byte[Layout.BlocksPerPiece * Hash256.Length];
        var piece = new byte[Layout.PieceLength];
        for (var i = 0; i < layout.Pieces; i++)
        {
            var part = piece.AsSpan(0, layout.LengthOfPiece(i));
            RandomAccess.Read(file, part, (long)i * Layout.PieceLength);
            Layout.Root(part, scratch).CopyTo(roots.AsSpan(i * Hash256.Length));
        }

        return roots;
    }

    private static void Serve(Socket socket, SafeFileHandle file, Layout layout)
    {
        var slots = new byte[MostTogether * SlotLength];
        var blocks = new Memory<byte>[MostTogether + 1][];
        for (var count = 0; count <= MostTogether; count++) blocks[count] = [.. Enumerable.Range(0, count).Select(i => slots.AsMemory(i * SlotLength + Layout.HeaderLength, Layout.BlockLength))];

        var requests = new byte[1 << 16];
        var held = 0;
        while (true)
        {
            var received = socket.Receive(requests.AsSpan(held));
            if (received == 0) return;

            held += received;
            var at = 0;
            while (held - at >= Layout.RequestLength)
            {
                var run = RunLength(requests.AsSpan(at, held - at));
                Send(socket, file, layout, requests.AsSpan(at, run * Layout.RequestLength), slots, blocks[run]);
                at += run * Layout.RequestLength;
            }

            requests.AsSpan(at, held - at).CopyTo(requests);
            held -= at;
        }
    }

    /// <summary>How many of the requests ask for neighbours in the file.</summary>
    private static int RunLength(ReadOnlySpan<byte> requests)
    {
        var most = Math.Min(requests.Length / Layout.RequestLength, MostTogether);
        var first = BlockOf(requests);
        var run = 1;
        while (run < most && BlockOf(requests[(run * Layout.RequestLength)..]) == first + run) run++;
        return run;
    }

    private static void Send(Socket socket, SafeFileHandle file, Layout layout, ReadOnlySpan<byte> requests, byte[] slots, Memory<byte>[] blocks)
    {
        var first = BlockOf(requests);
        var length = 0;
        for (var i = 0; i < blocks.Length; i++)
        {
            const int kindToBegin = 9;
            const byte piece = 7; // BEP 3
            var header = slots.AsSpan(i * SlotLength, Layout.HeaderLength);
            length = layout.LengthOfBlock(first + i);
            BinaryPrimitives.WriteInt32BigEndian(header, kindToBegin + length);
            header[4] = piece;
            requests.Slice(i * Layout.RequestLength + 5, 8).CopyTo(header[5..]);
        }

        RandomAccess.Read(file, blocks, (long)first * Layout.BlockLength);
        socket.Send(slots.AsSpan(0, (blocks.Length - 1) * SlotLength + Layout.HeaderLength + length));
    }

    private static int BlockOf(ReadOnlySpan<byte> request) =>
        BinaryPrimitives.ReadInt32BigEndian(request[5..]) * Layout.BlocksPerPiece + BinaryPrimitives.ReadInt32BigEndian(request[9..]) / Layout.BlockLength;
}
