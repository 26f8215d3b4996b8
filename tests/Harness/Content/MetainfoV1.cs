using System.Buffers;
using Shoal.Core;
using Shoal.Core.Bencode;
using Shoal.Core.Metainfo;

namespace Shoal.Harness.Content;

/// <summary>Makes torrents of v1, as other programs do (BEP 3).</summary>
public static class MetainfoV1
{
    /// <summary>A folder of files that lie one behind the other.</summary>
    /// <param name="files">Paths with <c>/</c>; one that ends in <c>.pad</c> is padding.</param>
    public static TorrentInfo Write(string name, int pieceLength, IReadOnlyList<(string Path, byte[] Bytes)> files)
    {
        var output = new ArrayBufferWriter<byte>();
        var writer = new BencodeWriter(output);
        writer.BeginDictionary();
        writer.WriteString("files"u8);
        writer.BeginList();
        foreach (var (path, bytes) in files)
        {
            writer.BeginDictionary();
            if (path.EndsWith(".pad", StringComparison.Ordinal))
            {
                writer.WriteString("attr"u8);
                writer.WriteString("p"u8);
            }

            writer.WriteString("length"u8);
            writer.WriteInteger(bytes.Length);
            writer.WriteString("path"u8);
            writer.BeginList();
            foreach (var element in path.Split('/')) writer.WriteString(element);
            writer.End();
            writer.End();
        }

        writer.End();
        writer.WriteString("name"u8);
        writer.WriteString(name);
        writer.WriteString("piece length"u8);
        writer.WriteInteger(pieceLength);
        writer.WriteString("pieces"u8);
        writer.WriteString(Pieces([.. files.SelectMany(f => f.Bytes)], pieceLength));
        writer.End();
        var error = TorrentInfoReader.Read(output.WrittenSpan.ToArray(), out var info);
        return error == MetainfoError.None ? info : throw new ArgumentException(error.ToString(), nameof(files));
    }

    public static byte[] Pieces(byte[] content, int pieceLength) => [.. content.Chunk(pieceLength).SelectMany(piece => Hash.Sha1(piece).ToArray())];

    /// <summary>The hashes of a file's pieces, the last padded with zeros.</summary>
    public static byte[] PaddedPieces(byte[] file, int pieceLength) =>
        Pieces([.. file, .. new byte[(pieceLength - file.Length % pieceLength) % pieceLength]], pieceLength);
}
