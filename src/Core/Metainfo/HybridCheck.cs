using Shoal.Core.Bencode;
using Shoal.Core.Geometry;

namespace Shoal.Core.Metainfo;

/// <summary>
/// Whether the v1 half of a hybrid describes the pieces of its v2 half: the same files in the same order with the same lengths, aligned to pieces
/// by pad files, and as many piece hashes (BEP 52, upgrade path; BEP 47). Padding after the last file may be absent.
/// </summary>
internal static class HybridCheck
{
    /// <param name="v1Files">The value of <c>files</c>; empty if the v1 half is a single file.</param>
    /// <param name="v1Length">The value of <c>length</c>.</param>
    /// <param name="v1Pieces">The value of <c>pieces</c>.</param>
    /// <param name="total">Bytes that the v1 half has, padding counted.</param>
    public static bool Agrees(
        ReadOnlySpan<byte> v1Files, ReadOnlySpan<byte> v1Length, ReadOnlySpan<byte> v1Pieces, string name, List<TorrentFile> files, TorrentGeometry geometry, out long total)
    {
        total = 0;
        if (!new BencodeReader(v1Pieces).TryReadString(out var hashes) || hashes.Length != geometry.PieceCount * Hash160.Length) return false;
        if (!v1Files.IsEmpty) return FilesAgree(v1Files, files, geometry.PieceLength, out total);

        return files.Count == 1 && files[0].Path.Count == 1 && files[0].Path[0] == name
            && new BencodeReader(v1Length).TryReadInteger(out total) && total == files[0].Length;
    }

    private static bool FilesAgree(ReadOnlySpan<byte> v1Files, List<TorrentFile> files, int pieceLength, out long total)
    {
        total = 0;
        var reader = new BencodeReader(v1Files);
        if (!reader.TryEnterList()) return false;

        var next = 0;
        long intoPiece = 0;
        while (reader.TryEnterDictionary())
        {
            if (!TryReadEntry(ref reader, out var length, out var isPad, out var path)) return false;

            if (isPad)
            {
                if (length > 0 && (intoPiece == 0 || length > pieceLength - intoPiece)) return false;
            }
            else
            {
                if (next == files.Count || files[next].Length != length || !files[next].Path.SequenceEqual(path)) return false;
                if (length > 0 && intoPiece != 0) return false;

                next++;
            }

            intoPiece = (intoPiece + length) % pieceLength;
            total += length;
        }

        return reader.TryLeave() && next == files.Count;
    }

    private static bool TryReadEntry(ref BencodeReader reader, out long length, out bool isPad, out List<string> path)
    {
        (length, isPad, path) = (-1, false, []);
        while (reader.TryReadKey(out var key))
        {
            if (key.SequenceEqual("length"u8))
            {
                if (!reader.TryReadInteger(out length)) return false;
            }
            else if (key.SequenceEqual("attr"u8))
            {
                if (!reader.TryReadString(out var attributes)) return false;
                isPad = attributes.Contains((byte)'p');
            }
            else if (key.SequenceEqual("path"u8))
            {
                if (!reader.TryEnterList()) return false;

                while (reader.TryReadString(out var raw))
                {
                    PathRules.TryDecode(raw, out var element);
                    path.Add(element);
                }

                if (!reader.TryLeave()) return false;
            }
            else if (!reader.TrySkip())
            {
                return false;
            }
        }

        return reader.TryLeave() && length >= 0;
    }
}
