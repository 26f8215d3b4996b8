using Shoal.Core.Geometry;
using Shoal.Core.Metainfo;

namespace Shoal.Node.Torrents;

/// <summary>Which files of a torrent a command wants: those that its patterns name, else those that the link selects, else all.</summary>
internal static class FileChoice
{
    private const int NamesTold = 5;

    /// <exception cref="ShoalException">A pattern or the link names no file that is there.</exception>
    public static Selection Of(TorrentInfo info, IReadOnlyList<string> patterns, SelectOnly? select)
    {
        if (patterns.Count > 0) return ByPattern(info, patterns);
        if (select is null) return Selection.All(info.Geometry);

        var files = select.Of(info.Geometry);
        return files.Count > 0
            ? Selection.Of(info.Geometry, files)
            : throw new ShoalException("no-such-file", $"The link selects files of {info.Name} by numbers that it does not have: it has {info.Files.Count}, counted from 0.");
    }

    private static Selection ByPattern(TorrentInfo info, IReadOnlyList<string> patterns)
    {
        var paths = info.Files.Select(f => f.DisplayPath).ToList();
        var chosen = new HashSet<FileIndex>();
        foreach (var pattern in patterns.Select(p => new PathPattern(p)))
        {
            var isNamed = false;
            for (var i = 0; i < paths.Count; i++)
            {
                if (!pattern.Matches(paths[i])) continue;

                chosen.Add(new FileIndex(i));
                isNamed = true;
            }

            if (!isNamed) throw new ShoalException("no-such-file", $"--only {pattern} names no file of {info.Name}, which has {Names(paths)}. A * stands for any run within a name, a ** for any run across folders too.");
        }

        return Selection.Of(info.Geometry, chosen);
    }

    private static string Names(List<string> paths) =>
        string.Join(", ", paths.Take(NamesTold)) + (paths.Count > NamesTold ? $" and {paths.Count - NamesTold:#,0} more" : "");
}
