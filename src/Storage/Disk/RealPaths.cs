namespace Shoal.Storage.Disk;

/// <summary>Follows symbolic links, element by element.</summary>
internal static class RealPaths
{
    private const int MaxLinks = 40; // as Linux has it

    /// <summary>The path with no link in it; null if it leads nowhere or in a circle.</summary>
    public static string? Resolve(IDisk disk, string path)
    {
        var root = Path.GetPathRoot(path)!;
        var rest = new Stack<string>();
        Push(rest, path[root.Length..]);
        var current = root;
        for (var links = 0; rest.TryPop(out var element);)
        {
            if (element is "" or ".") continue;
            if (element == "..")
            {
                current = Path.GetDirectoryName(current) ?? root;
                continue;
            }

            var next = Path.Join(current, element);
            var entry = disk.Stat(next);
            if (entry is null) return null;
            if (entry.Kind != DiskEntryKind.Link)
            {
                current = next;
                continue;
            }

            if (++links > MaxLinks) return null;

            var target = entry.LinkTarget ?? "";
            if (Path.IsPathRooted(target)) (current, target) = (Path.GetPathRoot(target)!, target[Path.GetPathRoot(target)!.Length..]);
            Push(rest, target);
        }

        return current;
    }

    public static bool IsBelow(string path, string folder) =>
        path.StartsWith(folder, StringComparison.Ordinal) && (path.Length == folder.Length || Path.EndsInDirectorySeparator(folder) || path[folder.Length] == Path.DirectorySeparatorChar);

    private static void Push(Stack<string> rest, string path)
    {
        var elements = path.Split([Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar]);
        for (var i = elements.Length - 1; i >= 0; i--) rest.Push(elements[i]);
    }
}
