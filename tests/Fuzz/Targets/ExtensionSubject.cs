using System.Buffers;
using Shoal.Wire.Extensions;

namespace Shoal.Fuzz.Targets;

/// <summary>Messages of BEP 10 after their number: 0 is the extension handshake, any other <c>ut_metadata</c>.</summary>
internal sealed class ExtensionSubject : ISubject
{
    private readonly ArrayBufferWriter<byte> _written = new();

    public ulong Run(ReadOnlySpan<byte> input)
    {
        var outcome = new Outcome();
        if (input.IsEmpty) return outcome.Hash;

        if (input[0] is 0 or (byte)'0') RunHandshake(input[1..], ref outcome);
        else RunMetadata(input[1..], ref outcome);
        return outcome.Hash;
    }

    private void RunHandshake(ReadOnlySpan<byte> payload, ref Outcome outcome)
    {
        var limit = 16 * 1024 + 64L * payload.Length;
        var before = GC.GetAllocatedBytesForCurrentThread();
        var isRead = ExtensionHandshake.TryRead(payload, out var handshake);
        Violation.UnlessAllocatedWithin(limit, before);

        outcome.Add(isRead);
        if (!isRead) return;

        Violation.Unless(handshake.MetadataId is >= 0 and <= 255 && handshake.MetadataSize >= 0, "numbers out of range", $"{handshake}");
        Violation.Unless(handshake.ListenPort is >= 0 and <= 65535 && handshake.RequestQueue >= 0, "numbers out of range", $"{handshake}");
        Violation.Unless(handshake.Client?.Any(char.IsControl) != true, "a name that drives a terminal");
        _written.ResetWrittenCount();
        handshake.Write(_written);
        Violation.Unless(ExtensionHandshake.TryRead(_written.WrittenSpan, out var again) && again == handshake, "written it differs", $"{handshake} {again}");
        outcome.AddSize(handshake.MetadataId);
        outcome.AddSize(handshake.MetadataSize);
        outcome.AddSize(handshake.ListenPort);
        outcome.AddSize(handshake.RequestQueue);
        outcome.AddSize(handshake.Client?.Length ?? -1);
    }

    private void RunMetadata(ReadOnlySpan<byte> payload, ref Outcome outcome)
    {
        const int MaxAllocated = 4096;
        var before = GC.GetAllocatedBytesForCurrentThread();
        var isRead = MetadataMessage.TryRead(payload, out var message, out var data);
        Violation.UnlessAllocatedWithin(MaxAllocated, before);

        outcome.Add(isRead);
        if (!isRead) return;

        Violation.Unless(message.Piece >= 0 && (int)message.Type >= 0, "numbers out of range", $"{message}");
        _written.ResetWrittenCount();
        message.Write(_written);
        var isData = message.Type == MetadataMessageType.Data;
        Violation.Unless(MetadataMessage.TryRead(_written.WrittenSpan, out var again, out var rest) && rest.IsEmpty, "cannot read what it wrote", $"{message}");
        Violation.Unless(again == (isData ? message : message with { TotalSize = 0 }), "written it differs", $"{message} {again}");
        outcome.AddSize((int)message.Type);
        outcome.AddSize(message.Piece);
        outcome.AddSize(message.TotalSize);
        outcome.AddSize(data.Length);
    }
}
