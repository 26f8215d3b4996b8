using System.Buffers;
using System.Buffers.Binary;
using Shoal.Core;
using Shoal.Core.Merkle;
using Shoal.Wire;

namespace Shoal.Fuzz.Targets;

/// <summary>A peer's stream: the handshake if it stands there, then messages, each payload by its type, and written back to the same bytes.</summary>
internal sealed class WireSubject : ISubject
{
    private const int MaxMessage = 64 * 1024;

    /// <summary>Messages whose outcome makes an input new: more would make every input new.</summary>
    private const int MaxTold = 2;

    private readonly ArrayBufferWriter<byte> _written = new();

    public ulong Run(ReadOnlySpan<byte> input)
    {
        var outcome = new Outcome();
        if (Handshake.TryRead(input, out var handshake))
        {
            Span<byte> again = stackalloc byte[Handshake.Length];
            handshake.Write(again);
            Violation.Unless(again.SequenceEqual(input[..Handshake.Length]), "written the handshake differs");
            outcome.Add(handshake.HasExtensions);
            outcome.Add(handshake.HasFast);
            outcome.Add(handshake.HasDht);
            input = input[Handshake.Length..];
        }

        for (var messages = 1; ; messages++)
        {
            var status = MessageReader.TryRead(input, MaxMessage, out var consumed, out var type, out var payload);
            if (messages <= MaxTold) outcome.Add((int)status);
            if (status != MessageStatus.Whole)
            {
                Violation.Unless(status == MessageStatus.TooLong || consumed == 0 || (consumed > input.Length && consumed <= MaxMessage + 4), "waits for what it would refuse");
                return outcome.Hash;
            }

            Violation.Unless(consumed is >= 4 and <= MaxMessage + 4 && consumed <= input.Length, "takes more than there is");
            Violation.Unless(type is null ? consumed == 4 : payload.Length == consumed - 5, "a payload of a wrong length");
            _written.ResetWrittenCount();
            var unused = new Outcome();
            if (type is { } known) Check(known, payload, ref messages <= MaxTold ? ref outcome : ref unused);
            else MessageWriter.WriteKeepAlive(_written);
            Violation.Unless(_written.WrittenCount == 0 || _written.WrittenSpan.SequenceEqual(input[..consumed]), "written the message differs");
            input = input[consumed..];
        }
    }

    private void Check(MessageType type, ReadOnlySpan<byte> payload, ref Outcome outcome)
    {
        outcome.Add((int)type);
        outcome.AddSize(payload.Length);
        switch (type)
        {
            case <= MessageType.NotInterested or MessageType.HaveAll or MessageType.HaveNone when payload.IsEmpty:
                MessageWriter.Write(_written, type);
                break;
            case MessageType.Have when payload.Length == 4:
                MessageWriter.WriteHave(_written, BinaryPrimitives.ReadInt32BigEndian(payload));
                break;
            case MessageType.Port when payload.Length == 2:
                MessageWriter.WritePort(_written, BinaryPrimitives.ReadUInt16BigEndian(payload));
                break;
            case MessageType.Bitfield:
                CheckBitfield(payload, ref outcome);
                break;
            case MessageType.Request or MessageType.Cancel or MessageType.Reject when BlockRequest.TryRead(payload, out var request):
                MessageWriter.WriteRequest(_written, type, request);
                break;
            case MessageType.HashRequest or MessageType.Hashes or MessageType.HashReject when HashRequest.TryRead(payload, out var hashes):
                MessageWriter.WriteHashes(_written, type, hashes, payload[HashRequest.PayloadLength..]);
                CheckRange(hashes.Range, payload[HashRequest.PayloadLength..], ref outcome);
                break;
            case MessageType.Extended when payload.Length > 0:
                MessageWriter.WriteExtended(_written, payload[0], payload[1..]);
                break;
        }
    }

    private void CheckBitfield(ReadOnlySpan<byte> payload, ref Outcome outcome)
    {
        for (var length = Math.Max(0, payload.Length * 8 - 8); length <= payload.Length * 8; length++)
        {
            var isRead = Bitfield.TryRead(payload, length, out var bitfield);
            outcome.Add(isRead);
            if (!isRead) continue;

            var count = 0;
            for (var i = bitfield.NextSet(0); i >= 0; i = bitfield.NextSet(i + 1)) count++;
            Violation.Unless(count == bitfield.Count && count <= length, "a bit field that miscounts");
            _written.ResetWrittenCount();
            MessageWriter.WriteBitfield(_written, bitfield);
        }
    }

    private static void CheckRange(HashRange range, ReadOnlySpan<byte> hashes, ref Outcome outcome)
    {
        foreach (var height in (ReadOnlySpan<int>)[0, 1, 4, 17, MerkleTree.MaxHeight])
        {
            var fits = range.FitsTree(height);
            outcome.Add(fits);
            Violation.Unless(!fits || (range.TotalHashes >= 2 && range.TotalHashes <= HashRange.MaxLength + MerkleTree.MaxHeight), "more hashes than fit", $"{range}");
            outcome.Add(range.Proves(hashes, default, height));
        }
    }
}
