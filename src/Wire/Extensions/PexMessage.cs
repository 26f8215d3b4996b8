using System.Buffers;
using System.Runtime.InteropServices;
using Shoal.Core;
using Shoal.Core.Bencode;

namespace Shoal.Wire.Extensions;

/// <summary>A message of <c>ut_pex</c> (BEP 11): whom the sender is connected to that it was not before, and whom not any more. Endpoints as the peer sent them.</summary>
public sealed class PexMessage
{
    /// <summary>No more peers of a message are read, added and dropped apart; BEP 11 has 50, and more in the first message only.</summary>
    public const int MaxRead = 100;

    public IReadOnlyList<PexPeer> Added { get; init; } = [];

    public IReadOnlyList<NetEndPoint> Dropped { get; init; } = [];

    public void Write(IBufferWriter<byte> output)
    {
        var writer = new BencodeWriter(output);
        var compact = new List<byte>(Added.Count * NetEndPoint.CompactLengthV6);
        writer.BeginDictionary();
        WriteAdded(writer, "added"u8, "added.f"u8, isV6: false, compact);
        WriteAdded(writer, "added6"u8, "added6.f"u8, isV6: true, compact);
        WriteDropped(writer, "dropped"u8, isV6: false, compact);
        WriteDropped(writer, "dropped6"u8, isV6: true, compact);
        writer.End();
    }

    /// <summary>Keys may be missing, unknown or in any order; a known key of the wrong kind, or a list with a broken end, is passed over.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out PexMessage message)
    {
        message = null!;
        ReadOnlySpan<byte> added = default, flags = default, added6 = default, flags6 = default, dropped = default, dropped6 = default;
        var reader = new BencodeReader(bytes);
        if (!reader.TryEnterDictionary()) return false;

        while (reader.TryReadKey(out var key))
        {
            if (reader.Peek() != BencodeType.String)
            {
                if (!reader.TrySkip()) return false;
                continue;
            }

            if (!reader.TryReadString(out var value)) return false;

            if (key.SequenceEqual("added"u8)) added = value;
            else if (key.SequenceEqual("added.f"u8)) flags = value;
            else if (key.SequenceEqual("added6"u8)) added6 = value;
            else if (key.SequenceEqual("added6.f"u8)) flags6 = value;
            else if (key.SequenceEqual("dropped"u8)) dropped = value;
            else if (key.SequenceEqual("dropped6"u8)) dropped6 = value;
        }

        if (!reader.TryLeave()) return false;

        var (newcomers, gone) = (new List<PexPeer>(), new List<NetEndPoint>());
        ReadAdded(added, flags, NetEndPoint.CompactLengthV4, newcomers);
        ReadAdded(added6, flags6, NetEndPoint.CompactLengthV6, newcomers);
        ReadDropped(dropped, NetEndPoint.CompactLengthV4, gone);
        ReadDropped(dropped6, NetEndPoint.CompactLengthV6, gone);
        message = new PexMessage { Added = newcomers, Dropped = gone };
        return true;
    }

    /// <param name="flags">One byte for each, as far as it goes.</param>
    private static void ReadAdded(ReadOnlySpan<byte> compact, ReadOnlySpan<byte> flags, int length, List<PexPeer> added)
    {
        for (var i = 0; (i + 1) * length <= compact.Length && added.Count < MaxRead; i++)
        {
            if (NetEndPoint.TryReadCompact(compact.Slice(i * length, length), out var endPoint)) added.Add(new PexPeer(endPoint, i < flags.Length ? (PexFlags)flags[i] : PexFlags.None));
        }
    }

    private static void ReadDropped(ReadOnlySpan<byte> compact, int length, List<NetEndPoint> dropped)
    {
        for (; compact.Length >= length && dropped.Count < MaxRead; compact = compact[length..])
        {
            if (NetEndPoint.TryReadCompact(compact[..length], out var endPoint)) dropped.Add(endPoint);
        }
    }

    private void WriteAdded(BencodeWriter writer, ReadOnlySpan<byte> key, ReadOnlySpan<byte> flagsKey, bool isV6, List<byte> compact)
    {
        compact.Clear();
        var flags = new List<byte>();
        foreach (var (endPoint, said) in Added)
        {
            if (endPoint.IsV6 != isV6) continue;

            Append(compact, endPoint);
            flags.Add((byte)said);
        }

        if (flags.Count == 0) return;

        writer.WriteString(key);
        writer.WriteString(CollectionsMarshal.AsSpan(compact));
        writer.WriteString(flagsKey);
        writer.WriteString(CollectionsMarshal.AsSpan(flags));
    }

    private void WriteDropped(BencodeWriter writer, ReadOnlySpan<byte> key, bool isV6, List<byte> compact)
    {
        compact.Clear();
        foreach (var endPoint in Dropped)
        {
            if (endPoint.IsV6 == isV6) Append(compact, endPoint);
        }

        if (compact.Count == 0) return;

        writer.WriteString(key);
        writer.WriteString(CollectionsMarshal.AsSpan(compact));
    }

    private static void Append(List<byte> compact, NetEndPoint endPoint)
    {
        Span<byte> bytes = stackalloc byte[NetEndPoint.CompactLengthV6];
        endPoint.WriteCompact(bytes);
        foreach (var b in bytes[..endPoint.CompactLength]) compact.Add(b);
    }
}
