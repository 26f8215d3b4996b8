using Shoal.Core;

namespace Shoal.Dht.Serving;

/// <summary>
/// How long an answer may be, so that we are no lever for whoever asks in another's name: a proven address gets what it asked for, any other
/// <see cref="Unproven"/> bytes, and more only a few times a second, to one range and in all.
/// </summary>
internal sealed class AnswerBounds(DhtNodeOptions options, Random random)
{
    /// <summary>To anybody, of anything but an item (BEP 32).</summary>
    public const int Any = 1024;

    /// <summary>With an item's value, that the text lets be of 1000 bytes: what passes through every IPv6 network in one piece (1280 less the headers).</summary>
    public const int WithValue = 1232;

    /// <summary>To an address that may be forged: eight contacts, a token and some peers.</summary>
    public const int Unproven = 512;

    private readonly AddressProofs _proofs = new(options.SourceSlots, random);
    private readonly SourceLimiter _ranges = new(options.SourceSlots, options.LongAnswersPerSource, int.MaxValue, random);
    private Allowance _all;

    /// <summary>Whoever is there has brought back a token, or answered a query of ours.</summary>
    public void Proven(NetEndPoint endPoint, TimeSpan now) => _proofs.Proven(endPoint, now);

    /// <summary>Whether an answer of this length can be given; if it is long to somebody unproven, it is taken from what such may have.</summary>
    public bool Allows(NetEndPoint asker, int length, TimeSpan now) =>
        length <= Unproven
        || _proofs.IsProven(asker, now)
        || (_ranges.Allows(asker, now) && _all.TryTake(options.LongAnswers, now));
}
