using Shoal.Storage.Disk;

namespace Shoal.Harness.Disk;

/// <summary>
/// A disk in memory that loses what was not flushed when the power goes. Written bytes are lost by the sector and in any order. A change of names is lost or not as a
/// whole, a rename too; changes in one folder come through in their order, those in different folders independently. Flushing a file brings its bytes to the medium and
/// not its name: that is what <see cref="FlushNames"/> is for. Case may be ignored.
/// </summary>
public sealed class LossyDisk(StringComparer? names = null) : IDisk
{
    private readonly Lock _lock = new();
    private readonly LossyNode _root = new(LossyKind.Folder);
    private readonly StringComparer _names = names ?? StringComparer.Ordinal;
    private readonly List<Change> _unflushed = []; // of names, oldest first
    private long _clock = 1_000_000_000_000_000_000;

    /// <summary>Whether it offers to flush everything at once.</summary>
    public bool CanSyncAll { get; set; } = true;

    /// <summary>Files, folders and links below a path, in order; a folder ends in a slash.</summary>
    public List<string> Tree(string path)
    {
        lock (_lock)
        {
            var found = new List<string>();
            if (Find(path) is { } node) Walk(node, "", found);
            return found;
        }
    }

    public byte[] ReadAll(string path)
    {
        lock (_lock) return (byte[])Require(path).Bytes.Clone();
    }

    public void WriteAll(string path, byte[] bytes)
    {
        CreateFolder(Path.GetDirectoryName(path)!);
        using var file = Open(path, FileAccess.ReadWrite);
        file.Write(bytes, 0);
        file.Flush();
    }

    /// <summary>Cuts the power and starts the machine anew.</summary>
    public void LosePower(Random random)
    {
        lock (_lock)
        {
            var lost = new List<Change>();
            foreach (var change in _unflushed)
            {
                if (random.Next(3) == 0 || lost.Exists(l => l.Folders.Intersect(change.Folders).Any())) lost.Add(change);
            }

            lost.Reverse();
            foreach (var change in lost) change.Undo();
            _unflushed.Clear();
            foreach (var node in All(_root)) node.Lose(random);
        }
    }

    public IDiskFile Open(string path, FileAccess access)
    {
        lock (_lock)
        {
            var node = Find(path);
            if (node?.Kind == LossyKind.Folder || (node?.Kind == LossyKind.Link && access != FileAccess.Read)) throw new UnauthorizedAccessException(path);
            if (node?.Kind == LossyKind.Link) node = Require(Path.GetFullPath(node.Target!, Path.GetDirectoryName(path)!));
            if (node is null && access == FileAccess.Read) throw new FileNotFoundException(path, path);
            if (node is null)
            {
                node = new LossyNode(LossyKind.File) { Modified = ++_clock };
                Set(path, node);
            }

            return new LossyFile(this, node);
        }
    }

    public DiskEntry? Stat(string path)
    {
        lock (_lock) return Find(path) is { } node ? Describe(Path.GetFileName(path), node) : null;
    }

    public IReadOnlyList<DiskEntry> Enumerate(string folder)
    {
        lock (_lock) return [.. Require(folder).Entries.Select(e => Describe(e.Key, e.Value))];
    }

    public void CreateFolder(string path)
    {
        lock (_lock)
        {
            if (Find(path) is { } there)
            {
                if (there.Kind != LossyKind.Folder) throw new IOException($"{path} is a file", 17);
                return;
            }

            CreateFolder(Path.GetDirectoryName(path)!);
            Set(path, new LossyNode(LossyKind.Folder) { Modified = ++_clock });
        }
    }

    public void Rename(string from, string to, bool overwrite)
    {
        lock (_lock)
        {
            var moved = Require(from);
            if (Find(to) is { } there && (!overwrite || there.Kind == LossyKind.Folder)) throw new IOException($"{to} is there", 17);

            var (source, target) = (Above(from), Above(to));
            var (oldName, newName) = (NameIn(source, Path.GetFileName(from)), NameIn(target, Path.GetFileName(to)));
            var replaced = target.Entries.GetValueOrDefault(newName);
            source.Entries.Remove(oldName);
            target.Entries[newName] = moved;
            _unflushed.Add(new Change([source, target], () =>
            {
                if (replaced is null) target.Entries.Remove(newName);
                else target.Entries[newName] = replaced;
                source.Entries[oldName] = moved;
            }));
        }
    }

    public void DeleteFile(string path)
    {
        lock (_lock)
        {
            if (Find(path) is { Kind: not LossyKind.Folder }) Remove(path);
        }
    }

    public bool TryDeleteFolder(string path)
    {
        lock (_lock)
        {
            if (Find(path) is not { Kind: LossyKind.Folder } folder) return true;
            if (folder.Entries.Count > 0) return false;

            Remove(path);
            return true;
        }
    }

    public void CreateLink(string path, string target)
    {
        lock (_lock)
        {
            if (Find(path) is not null) throw new IOException($"{path} is there", 17);
            Set(path, new LossyNode(LossyKind.Link, target) { Modified = ++_clock });
        }
    }

    public void SetExecutable(string path)
    {
        lock (_lock) Require(path).IsExecutable = true;
    }

    public long FreeSpace(string folder) => 1L << 40;

    public bool TrySyncAll(string folder)
    {
        if (!CanSyncAll) return false;

        lock (_lock)
        {
            _unflushed.Clear();
            foreach (var node in All(_root)) node.Flush();
            return true;
        }
    }

    public bool TryClone(string from, string to) => false;

    public void FlushNames(string folder)
    {
        lock (_lock)
        {
            var node = Require(folder);
            var needed = new HashSet<LossyNode> { node };
            for (var i = _unflushed.Count - 1; i >= 0; i--)
            {
                if (!_unflushed[i].Folders.Any(needed.Contains)) continue;
                needed.UnionWith(_unflushed[i].Folders); // what went before in those folders went through as well
                _unflushed.RemoveAt(i);
            }
        }
    }

    public IDisposable TryLock(string path) => new MemoryStream();

    private void Walk(LossyNode node, string path, List<string> found)
    {
        foreach (var (name, child) in node.Entries)
        {
            found.Add(path + name + (child.Kind == LossyKind.Folder ? "/" : ""));
            Walk(child, path + name + "/", found);
        }
    }

    private void Set(string path, LossyNode node)
    {
        var (folder, name) = (Above(path), Path.GetFileName(path));
        folder.Entries[name] = node;
        _unflushed.Add(new Change([folder], () => folder.Entries.Remove(name)));
    }

    private void Remove(string path)
    {
        var folder = Above(path);
        var name = NameIn(folder, Path.GetFileName(path));
        var gone = folder.Entries[name];
        folder.Entries.Remove(name);
        _unflushed.Add(new Change(gone.Kind == LossyKind.Folder ? [folder, gone] : [folder], () => folder.Entries[name] = gone));
    }

    private LossyNode Above(string path) => Require(Path.GetDirectoryName(path)!) is { Kind: LossyKind.Folder } folder ? folder : throw new DirectoryNotFoundException(path);

    private LossyNode Require(string path) => Find(path) ?? throw new FileNotFoundException(path, path);

    private LossyNode? Find(string path)
    {
        var node = _root;
        foreach (var element in path.Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries))
        {
            if (node is not { Kind: LossyKind.Folder }) return null;
            if (!node.Entries.TryGetValue(NameIn(node, element), out node)) return null;
        }

        return node;
    }

    /// <summary>The name that stands there, if it is this one to the disk.</summary>
    private string NameIn(LossyNode folder, string name) =>
        ReferenceEquals(_names, StringComparer.Ordinal) ? name : folder.Entries.Keys.FirstOrDefault(k => _names.Equals(k, name), name);

    private static DiskEntry Describe(string name, LossyNode node) => new(
        name,
        node.Kind switch { LossyKind.File => DiskEntryKind.File, LossyKind.Folder => DiskEntryKind.Folder, _ => DiskEntryKind.Link },
        new FileStamp(node.Kind == LossyKind.File ? node.Bytes.Length : 0, node.Modified),
        node.IsExecutable,
        node.Target);

    private static IEnumerable<LossyNode> All(LossyNode node) => node.Entries.Values.SelectMany(All).Prepend(node);

    private sealed record Change(LossyNode[] Folders, Action Undo);

    private sealed class LossyFile(LossyDisk disk, LossyNode node) : IDiskFile
    {
        public FileStamp Stamp
        {
            get
            {
                lock (disk._lock) return new FileStamp(node.Bytes.Length, node.Modified);
            }
        }

        public int Read(Span<byte> destination, long offset)
        {
            lock (disk._lock)
            {
                var count = (int)Math.Clamp(node.Bytes.Length - offset, 0, destination.Length);
                node.Bytes.AsSpan((int)Math.Min(offset, node.Bytes.Length), count).CopyTo(destination);
                return count;
            }
        }

        public bool TryReadNow(Span<byte> destination, long offset) => Read(destination, offset) == destination.Length;

        public void Reserve(long length)
        {
            // there is always room
        }

        public void Write(ReadOnlySpan<byte> data, long offset)
        {
            lock (disk._lock)
            {
                node.Write(offset, data);
                node.Modified = ++disk._clock;
            }
        }

        public void Flush()
        {
            lock (disk._lock) node.Flush();
        }

        public void Dispose()
        {
            // nothing is held
        }
    }
}
