using System.Buffers.Binary;
using System.Text;
using Shoal.Wire.Transport;

namespace Shoal.Harness.Wire;

/// <summary>A peer that sends exactly the bytes it is told to. Knows the layout of messages on its own, so that it can lie and does not repeat our mistakes.</summary>
public sealed class ScriptedPeer(ITransportConnection connection) : IAsyncDisposable
{
    public const int Choke = 0, Unchoke = 1, Interested = 2, Have = 4, Bitfield = 5, Request = 6, Piece = 7, Cancel = 8, HaveAll = 14, HaveNone = 15, Reject = 16;
    public const int Extended = 20, HashRequest = 21, Hashes = 22, HashReject = 23;

    private const int ProtocolLength = 19;

    public static byte[] Handshake(byte[] key, byte[] peerId, bool fast = true) =>
        [ProtocolLength, .. "BitTorrent protocol"u8, 0, 0, 0, 0, 0, 0x10, 0, (byte)(fast ? 4 : 0), .. key, .. peerId];

    public static byte[] Message(int type, params ReadOnlySpan<byte> payload) => [.. Number(1 + payload.Length), (byte)type, .. payload];

    public static byte[] Number(int value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        return bytes;
    }

    public static byte[] Id(string name) => Encoding.ASCII.GetBytes(name.PadRight(20, '.'));

    public async Task SendAsync(params byte[] bytes) => await connection.SendAsync([new ArraySegment<byte>(bytes)], CancellationToken.None);

    /// <summary>Sends its handshake and reads the other's.</summary>
    public async Task<byte[]> GreetAsync(byte[] key, string name, bool fast = true)
    {
        await SendAsync(Handshake(key, Id(name), fast));
        return await ReadAsync(68);
    }

    /// <summary>The next message that is not a keep-alive; null when the other side is gone.</summary>
    public async Task<(int Type, byte[] Payload)?> ReadMessageAsync()
    {
        try
        {
            while (true)
            {
                var length = BinaryPrimitives.ReadInt32BigEndian(await ReadAsync(4));
                if (length == 0) continue;

                var body = await ReadAsync(length);
                return (body[0], body[1..]);
            }
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>The payload of the next message of a type; others are passed over.</summary>
    public async Task<byte[]> ReadUntilAsync(int type)
    {
        while (await ReadMessageAsync() is { } message)
        {
            if (message.Type == type) return message.Payload;
        }

        throw new IOException($"closed before a message of type {type}");
    }

    /// <summary>Reads until the other side closes.</summary>
    public async Task ReadToEndAsync()
    {
        while (await ReadMessageAsync() is not null)
        {
        }
    }

    public async Task<byte[]> ReadAsync(int count)
    {
        var bytes = new byte[count];
        for (var filled = 0; filled < count;)
        {
            var read = await connection.ReceiveAsync(bytes.AsMemory(filled), CancellationToken.None);
            if (read == 0) throw new IOException("the other side closed");

            filled += read;
        }

        return bytes;
    }

    public ValueTask DisposeAsync() => connection.DisposeAsync();
}
