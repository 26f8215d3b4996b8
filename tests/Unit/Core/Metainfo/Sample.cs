using System.Security.Cryptography;
using System.Text;
using Shoal.Unit.Core.Bencode;
using Shoal.Unit.Core.Merkle;
using Pairs = (object Key, object Value)[];

namespace Shoal.Unit.Core.Metainfo;

/// <summary>A torrent written by hand: pieces of 32 KiB, two files, one of which has a piece layer. Tests spoil one thing at a time.</summary>
internal static class Sample
{
    public const int PieceLength = 2 * 16384;

    public static readonly byte[] Large = Content(5 * 16384 + 100, seed: 1);
    public static readonly byte[] Small = Content(1000, seed: 2);

    public static readonly byte[] LargeRoot = NaiveTree.Over(Large).Root;
    public static readonly byte[] SmallRoot = NaiveTree.Over(Small).Root;
    public static readonly byte[] LargeLayer = NaiveTree.Over(Large).Used(1, 6);

    public static Pairs LargeFile => File(Large.Length, LargeRoot);

    public static Pairs SmallFile => File(Small.Length, SmallRoot);

    public static Pairs Tree => Ben.Dict(("docs", Ben.Dict(("small", SmallFile))), ("large", LargeFile));

    public static Pairs Info => InfoOf(Tree);

    public static Pairs Layers => Ben.Dict((LargeRoot, LargeLayer));

    /// <summary>The v1 half that agrees with <see cref="Info"/>.</summary>
    public static object[] V1Files => [Entry(Small.Length, "docs", "small"), Pad(PieceLength - Small.Length), Entry(Large.Length, "large")];

    public static Pairs Hybrid => HybridOf(V1Files);

    public static Pairs InfoOf(Pairs tree) => Ben.Dict(("file tree", tree), ("meta version", 2), ("name", "sample"), ("piece length", PieceLength));

    public static Pairs HybridOf(object[] files) => Info.With("files", files).With("pieces", new byte[4 * 20]);

    public static Pairs Torrent(Pairs info, object? layers) => Ben.Dict(("info", info)).With("piece layers", layers);

    public static Pairs File(long length, byte[]? root) => Ben.Dict(("", Ben.Dict(("length", length)).With("pieces root", root)));

    public static Pairs Entry(long length, params object[] path) => Ben.Dict(("length", length), ("path", path));

    public static Pairs Pad(long length) => Ben.Dict(("attr", "p"), ("length", length), ("path", new object[] { ".pad", "0" }));

    public static byte[] Root(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));

    private static byte[] Content(int length, int seed)
    {
        var content = new byte[length];
        new Random(seed).NextBytes(content);
        return content;
    }
}
