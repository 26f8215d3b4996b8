using Shoal.Core;

namespace Shoal.Fuzz.Targets;

/// <summary>The two bytes before a datagram: who sends it, and what else happens. Letters from <c>@</c> to <c>_</c> give no command.</summary>
internal readonly record struct Envelope(byte Who, byte How)
{
    public const int Length = 2;
    public const int FirstOfMany = 128;

    private static readonly NetEndPoint[] Sources =
    [
        Parse("8.8.8.8:6881"), Parse("8.8.8.8:6882"), Parse("93.184.216.34:51413"), Parse("10.0.0.2:6881"), Parse("192.168.1.7:6881"), Parse("169.254.3.4:6881"), Parse("127.0.0.1:7001"),
        Parse("127.0.0.1:7002"), Parse("[2001:4860::8888]:6881"), Parse("[2a02:8109::1]:6881"), Parse("[fd00::2]:6881"), Parse("[fe80::1]:6881"), Parse("[::1]:7001"),
        Parse("224.0.0.1:6881"), Parse("8.8.4.4:0"), Parse("[ff02::1]:6881"),
    ];

    public int Clock => How & 3;

    /// <summary>It answers a query of ours: from whom we asked, with our transaction ID.</summary>
    public bool IsAnswer => (How & 4) != 0;

    /// <summary>An answer with the right transaction ID from somebody who was not asked.</summary>
    public bool IsForged => IsAnswer && Who % 8 == 7;

    /// <summary>It says another ID for each endpoint, some of them close to ours.</summary>
    public bool HasOwnId => (How & 8) != 0;

    /// <summary>It brings the token that we gave last.</summary>
    public bool HasToken => (How & 16) != 0;

    public bool Finds => How >> 5 == 5;

    public bool Announces => How >> 5 == 6;

    public bool AddsSeed => How >> 5 == 7;

    /// <summary>One of many sources, each with a key of its own to announce.</summary>
    public bool IsOneOfMany => Who >= FirstOfMany;

    /// <summary>Digits and what follows them in ASCII are a few of every scope, and some that are nobody; from 128 on they are many.</summary>
    public NetEndPoint Source => Who switch
    {
        < FirstOfMany => Sources[Who % Sources.Length],
        _ when Who % 2 == 0 => Parse($"{Who - 110}.1.2.3:6881"),
        _ => Parse($"[2a00:{Who:x}::1]:6881"),
    };

    public static Envelope Of(ReadOnlySpan<byte> input) => input.Length < Length ? new Envelope((byte)'0', (byte)'@') : new Envelope(input[0], input[1]);

    public static NetEndPoint Parse(string text) => NetEndPoint.TryParse(text, out var endPoint) ? endPoint : throw new FormatException(text);
}
