using Shoal.Core.Bencode;

namespace Shoal.Core.Metainfo;

/// <summary>Whether the v1 half of a hybrid lists the files of its v2 half, in the same order and with the same lengths (BEP 52, upgrade path).</summary>
internal static class HybridCheck
{
    /// <param name="v1Files">The <c>files</c> list; empty if the v1 half is a single file.</param>
    public static bool Agrees(ReadOnlySpan<byte> v1Files, long v1Length, List<TorrentFile> files)
    {
        if (v1Files.IsEmpty) return files.Count == 1 && files[0].Path.Count == 1 && files[0].Length == v1Length;

        var reader = new BencodeReader(v1Files);
        if (!reader.TryEnterList()) return false;

        var next = 0;
        while (reader.TryEnterDictionary())
        {
            if (!TryReadEntry(ref reader, out var length, out var isPad, out var path)) return false;
            if (isPad) continue;
            if (next == files.Count || files[next].Length != length || !files[next].Path.SequenceEqual(path)) return false;

            next++;
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
