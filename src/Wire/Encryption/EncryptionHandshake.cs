using System.Buffers;
using Shoal.Core;

namespace Shoal.Wire.Encryption;

/// <summary>
/// One side of the handshake of MSE: bytes that came are fed in, bytes to send come out, and in the end there are a method and the keys of both directions. Synchronous, owns no
/// I/O, and gives up as soon as the other side has gone beyond what the protocol allows it. What it holds is bounded: at most what it still has to read and what was fed at one time.
/// </summary>
/// <remarks>
/// A → B: public key, PadA. B → A: public key, PadB. A → B: HASH(req1, S), HASH(req2, SKEY) xor HASH(req3, S), encrypted: 8 zeros, crypto_provide, PadC, initial payload.
/// B → A, encrypted: 8 zeros, crypto_select, PadD. Then the stream, by the method that was selected.
/// </remarks>
public abstract class EncryptionHandshake
{
    /// <summary>Longest of each of the four pads.</summary>
    public const int MaxPad = 512;

    /// <summary>Bytes of zeros that show that both have the same keys (VC).</summary>
    protected const int ConstantLength = 8;

    private readonly ArrayBufferWriter<byte> _output = new();
    private byte[] _input = new byte[256];
    private int _start;
    private int _end;

    private protected EncryptionHandshake(HandshakeSecrets secrets) => Secrets = secrets;

    public HandshakeStatus Status { get; private set; }

    /// <summary>Whether the next bytes may make it raise 768-bit numbers to a power, which takes about a millisecond.</summary>
    public bool IsCostly { get; private protected set; } = true;

    /// <summary>The swarm, as the plain handshake names it. For a receiver known when it is done.</summary>
    public Hash160 Key { get; private protected set; }

    /// <summary>Once it is done: how the stream goes on, exactly one.</summary>
    public CryptoMethods Method { get; private set; }

    /// <summary>Once it is done: what decrypts the bytes that come from now on, if the method is RC4.</summary>
    public Rc4 Incoming { get; private protected set; } = null!;

    /// <summary>Once it is done: what encrypts the bytes that go out from now on, if the method is RC4.</summary>
    public Rc4 Outgoing { get; private protected set; } = null!;

    /// <summary>Once it is done: the first bytes of the stream that came along, decrypted.</summary>
    public ReadOnlyMemory<byte> Leftover => Status == HandshakeStatus.Done ? _input.AsMemory(_start, _end - _start) : default;

    private protected HandshakeSecrets Secrets { get; }

    /// <summary>What came and was not used yet; may be decrypted in place.</summary>
    private protected Span<byte> Available => _input.AsSpan(_start, _end - _start);

    /// <summary>What the last call of <see cref="Feed"/> has to say to the other side. Lent until the next one.</summary>
    public ReadOnlyMemory<byte> Output => _output.WrittenMemory;

    /// <summary>Reads on. The first call may be with nothing: whoever connects has something to say before it hears anything.</summary>
    /// <exception cref="InvalidOperationException">It is not under way any more.</exception>
    public HandshakeStatus Feed(ReadOnlySpan<byte> received)
    {
        if (Status != HandshakeStatus.UnderWay) throw new InvalidOperationException("the handshake is over");

        _output.ResetWrittenCount();
        Append(received);
        while (Status == HandshakeStatus.UnderWay && TryStep())
        {
        }

        return Status;
    }

    /// <summary>Does the next step if its bytes are here.</summary>
    /// <returns>Whether it was done.</returns>
    private protected abstract bool TryStep();

    private protected bool TryTake(int count, out Span<byte> bytes)
    {
        bytes = default;
        if (_end - _start < count) return false;

        bytes = Available[..count];
        _start += count;
        return true;
    }

    /// <summary>Looks for the end of a pad, which is where a pattern stands.</summary>
    private protected bool TryPass(ReadOnlySpan<byte> pattern)
    {
        var most = MaxPad + pattern.Length;
        var at = Available[..Math.Min(most, _end - _start)].IndexOf(pattern);
        if (at >= 0) _start += at + pattern.Length;
        else if (_end - _start >= most) Fail();
        return at >= 0;
    }

    private protected Span<byte> Write(int count)
    {
        var span = _output.GetSpan(count)[..count];
        _output.Advance(count);
        return span;
    }

    private protected void WritePublicKey()
    {
        KeyExchange.WritePublicKey(Secrets.Exponent.Span, Write(KeyExchange.KeyLength));
        Secrets.Pad.Span.CopyTo(Write(Secrets.Pad.Length));
    }

    private protected bool Fail()
    {
        Status = HandshakeStatus.Failed;
        return false;
    }

    /// <param name="encrypted">So many of the bytes that are left are encrypted whatever the method.</param>
    private protected bool Finish(CryptoMethods method, int encrypted)
    {
        Incoming.Apply(method == CryptoMethods.Rc4 ? Available : Available[..encrypted]);
        (Method, Status) = (method, HandshakeStatus.Done);
        return true;
    }

    private void Append(ReadOnlySpan<byte> received)
    {
        if (_input.Length - _end < received.Length)
        {
            var held = Available;
            var input = held.Length + received.Length <= _input.Length ? _input : new byte[Math.Max(2 * _input.Length, held.Length + received.Length)];
            held.CopyTo(input);
            (_input, _start, _end) = (input, 0, held.Length);
        }

        received.CopyTo(_input.AsSpan(_end));
        _end += received.Length;
    }
}
