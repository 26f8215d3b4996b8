using Shoal.Core.Geometry;
using Shoal.Core.Metainfo;

namespace Shoal.Fuzz.Targets;

/// <summary>A <c>.torrent</c> from anywhere, and an info dictionary as peers send it: read or refused, paths safe, written back to the same meaning.</summary>
internal sealed class MetainfoSubject : ISubject
{
    public ulong Run(ReadOnlySpan<byte> input)
    {
        ReadOnlyMemory<byte> bytes = input.ToArray();
        var limit = 256 * 1024 + 600L * input.Length;
        var before = GC.GetAllocatedBytesForCurrentThread();
        var error = MetainfoFile.Read(bytes, out var metainfo);
        var infoError = TorrentInfoReader.Read(bytes, out var info);
        Violation.UnlessAllocatedWithin(limit, before);

        var outcome = new Outcome();
        outcome.Add((int)error);
        outcome.Add((int)infoError);
        if (error == MetainfoError.None) Check(metainfo, ref outcome);
        if (infoError == MetainfoError.None) Check(info, ref outcome);
        return outcome.Hash;
    }

    private static void Check(MetainfoFile metainfo, ref Outcome outcome)
    {
        Check(metainfo.Info, ref outcome);
        outcome.AddSize(metainfo.Layers.Missing);
        outcome.AddSize(metainfo.Trackers.Count);
        outcome.AddSize(metainfo.WebSeeds.Count);
        if (metainfo.Layers.Missing > 0) return;

        var written = metainfo.Write();
        Violation.Unless(MetainfoFile.Read(written, out var again) == MetainfoError.None, "cannot read what it wrote");
        Violation.Unless(again.Info.InfoHash == metainfo.Info.InfoHash && again.Layers.Missing == 0, "written it is another torrent");
        Violation.Unless(again.Trackers.SequenceEqual(metainfo.Trackers) && again.WebSeeds.SequenceEqual(metainfo.WebSeeds), "written it has other trackers or web seeds");
        Violation.Unless(again.Write().AsSpan().SequenceEqual(written), "written twice it differs");
    }

    private static void Check(TorrentInfo info, ref Outcome outcome)
    {
        CheckElement(info.Name);
        var paths = new HashSet<string>();
        var pieces = 0L;
        for (var i = 0; i < info.Files.Count; i++)
        {
            var file = info.Files[i];
            Violation.Unless(file.Path.Count > 0 && file.Length >= 0, "a file without path or length");
            foreach (var element in file.Path) CheckElement(element);
            foreach (var element in file.LinkTarget ?? []) CheckElement(element);
            Violation.Unless(paths.Add(file.DisplayPath), "two files at one path", $"{file.DisplayPath}");
            pieces += info.Geometry.PieceCountOf(new FileIndex(i));
        }

        if (info.Geometry.IsAligned) Violation.Unless(pieces == info.Geometry.PieceCount, "pieces of files do not add up");
        else CheckPacked(info, pieces);

        Violation.Unless(info.Length == info.Files.Sum(f => f.Length), "lengths of files do not add up");
        outcome.AddSize(info.Files.Count);
        outcome.AddSize(pieces);
        outcome.Add(info.IsPrivate);
        outcome.Add(info.IsSingleFile);
        outcome.Add(info.InfoHashV1 is not null);
        outcome.AddSize(info.Files.Max(f => f.Path.Count));
        outcome.Add(info.Files.Any(f => f.LinkTarget is not null));
        outcome.Add(info.Files.Any(f => f.IsExecutable));
    }

    /// <summary>In v1 files follow each other within a piece: a border is in two of them, and a piece of padding in none.</summary>
    private static void CheckPacked(TorrentInfo info, long pieces)
    {
        var geometry = info.Geometry;
        Violation.Unless(pieces < geometry.PieceCount + info.Files.Count, "files share more pieces than they have borders");
        for (var i = 0; i < info.Files.Count; i++)
        {
            var file = new FileIndex(i);
            Violation.Unless(geometry.PiecesOf(file).Sum(p => (long)geometry.LengthOf(p, file)) == info.Files[i].Length, "the parts of a file do not add up");
        }
    }

    private static void CheckElement(string element)
    {
        Violation.Unless(element is not ("" or "." or "..") && !element.Contains('/') && !element.Contains('\0'), "a path that leaves its folder", $"{element}");
        Violation.Unless(System.Text.Encoding.UTF8.GetByteCount(element) <= 255 + 12, "a name longer than a disk takes", $"{element}");
    }
}
