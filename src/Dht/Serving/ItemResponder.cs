using Shoal.Core;
using Shoal.Dht.Items;
using Shoal.Dht.Krpc;

namespace Shoal.Dht.Serving;

/// <summary>Answers <c>get</c> and <c>put</c> (BEP 44).</summary>
internal sealed class ItemResponder(ItemStore items, ContactLists contacts, TokenIssuer tokens, AnswerBounds bounds)
{
    private const int SequenceField = 5 + 2 + 19; // 3:seqi...e
    private const int KeyFields = 3 + 3 + Ed25519.PublicKeyLength + 5 + 3 + Ed25519.SignatureLength; // 1:k32:... 3:sig64:...
    private const int ValueKey = 3; // 1:v

    public void AnswerGet(in KrpcMessage query, Hash160 target, NodeId self, NetEndPoint from, TimeSpan now, Outbox outbox)
    {
        items.TryGet(target, now, out var item);
        contacts.Gather(query.Want, target, from.Scope);

        // whoever has this version, or a newer one, is only told which is here
        var value = item is { IsMutable: true } && query.Sequence >= item.Sequence ? null : item;
        var frame = KrpcWriter.ResponseLength(query.Transaction, from) + Responder.TokenField + (item is { IsMutable: true } ? SequenceField : 0);
        var limit = AnswerBounds.Any;
        if (!bounds.Allows(from, frame + contacts.Length + ValueLength(value), now))
        {
            limit = AnswerBounds.Unproven;
            value = null;
            contacts.LeaveOne();
        }

        contacts.Fit(limit - frame - ValueLength(value));
        var told = from;
        var length = frame + contacts.Length + ValueLength(value);
        if (length > AnswerBounds.WithValue)
        {
            told = default;
            if (length - KrpcWriter.AskerLength(from) > AnswerBounds.WithValue) value = null;
        }

        Span<byte> token = stackalloc byte[TokenIssuer.TokenLength];
        tokens.Issue(from, token);
        outbox.Writer.BeginResponse(self, told);
        if (value is { IsMutable: true }) outbox.Writer.String("k"u8, value.PublicKey.Span);
        contacts.Write(outbox.Writer);
        if (item is { IsMutable: true }) outbox.Writer.Number("seq"u8, item.Sequence);
        if (value is { IsMutable: true }) outbox.Writer.String("sig"u8, value.Signature.Span);
        outbox.Writer.Token(token);
        if (value is not null) outbox.Writer.Raw("v"u8, value.Value.Span);
        outbox.Writer.EndResponse(query.Transaction);
    }

    public void AnswerPut(in KrpcMessage query, NodeId self, NetEndPoint from, TimeSpan now, Outbox outbox)
    {
        KrpcError? error = KrpcError.Protocol;
        var why = "bad token"u8;
        if (tokens.Accepts(from, query.Token))
        {
            bounds.Proven(from, now);
            error = items.Put(query, from, now);
            if (error is { } code) why = Text(code);
        }

        if (error is { } refused)
        {
            outbox.Writer.Error(query.Transaction, refused, why, from);
            return;
        }

        outbox.Writer.BeginResponse(self, from);
        outbox.Writer.EndResponse(query.Transaction);
    }

    private static int ValueLength(DhtItem? value) =>
        value is null ? 0 : ValueKey + value.Value.Length + (value.IsMutable ? KeyFields : 0);

    private static ReadOnlySpan<byte> Text(KrpcError error) => error switch
    {
        KrpcError.Server => "store is full"u8,
        KrpcError.ValueTooBig => "v is longer than 1000 bytes"u8,
        KrpcError.InvalidSignature => "invalid signature"u8,
        KrpcError.SaltTooBig => "salt is longer than 64 bytes"u8,
        KrpcError.CasMismatch => "cas is not the current seq"u8,
        KrpcError.SequenceTooLow => "seq is less than current, or the same for another value"u8,
        _ => "v missing or not canonical, or k, seq or sig missing or malformed"u8,
    };
}
