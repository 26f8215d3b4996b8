using System.Text;
using Shoal.Core;

namespace Shoal.Simulation.Dht;

/// <summary>
/// Makes one of our nodes look like another program's: its version is another, <c>announce_peers</c> is answered with 204, and a token is good for the key that it was
/// asked with and no other. Works on the bytes, as a stranger between the node and the network.
/// </summary>
internal sealed class PlainMask
{
    private const int KeyLength = 4;

    private readonly Dictionary<(NetEndPoint, string), string> _asked = [];

    public long RefusedMany { get; private set; }

    public long RefusedTokens { get; private set; }

    /// <summary>What the node says, as the other program would.</summary>
    public byte[] Mask(ReadOnlySpan<byte> datagram, NetEndPoint to)
    {
        var text = Encoding.Latin1.GetString(datagram).Replace("1:v4:SH", "1:v4:XX", StringComparison.Ordinal);
        var token = text.IndexOf("5:token8:", StringComparison.Ordinal);
        if (token >= 0 && text.EndsWith("1:y1:re", StringComparison.Ordinal) && _asked.Remove((to, Transaction(text)), out var key))
            text = $"{text[..token]}5:token12:{text.Substring(token + 9, 8)}{key}{text[(token + 17)..]}";
        return Encoding.Latin1.GetBytes(text);
    }

    /// <summary>What the node may hear; false with an answer where the other program would refuse.</summary>
    public bool TryUnmask(ref ReadOnlyMemory<byte> datagram, NetEndPoint from, out byte[] refusal)
    {
        refusal = [];
        var text = Encoding.Latin1.GetString(datagram.Span);
        if (text.Contains("1:q14:announce_peers", StringComparison.Ordinal))
        {
            RefusedMany++;
            refusal = Encoding.Latin1.GetBytes($"d1:eli204e14:Method Unknowne1:t4:{Transaction(text)}1:v4:XX\0\u00011:y1:ee");
            return false;
        }

        var hash = text.IndexOf("9:info_hash20:", StringComparison.Ordinal);
        if (hash < 0) return true;

        var key = text.Substring(hash + 14, KeyLength);
        if (text.Contains("1:q9:get_peers", StringComparison.Ordinal)) _asked[(from, Transaction(text))] = key;
        if (!text.Contains("1:q13:announce_peer", StringComparison.Ordinal)) return true;

        var token = text.IndexOf("5:token12:", StringComparison.Ordinal);
        if (token < 0 || text.Substring(token + 18, KeyLength) != key)
        {
            RefusedTokens++;
            refusal = Encoding.Latin1.GetBytes($"d1:eli203e9:Bad tokene1:t4:{Transaction(text)}1:v4:XX\0\u00011:y1:ee");
            return false;
        }

        datagram = Encoding.Latin1.GetBytes($"{text[..token]}5:token8:{text.Substring(token + 10, 8)}{text[(token + 22)..]}");
        return true;
    }

    /// <summary>The last of those places that look like one: a key may hold these letters too, what follows it does not.</summary>
    private static string Transaction(string text)
    {
        var at = text.LastIndexOf("1:t4:", StringComparison.Ordinal);
        return at < 0 ? "" : text.Substring(at + 5, 4);
    }
}
