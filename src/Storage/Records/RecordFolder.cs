using Shoal.Core;
using Shoal.Core.Metainfo;
using Shoal.Storage.Disk;

namespace Shoal.Storage.Records;

/// <summary>The records on the disk, one file for each torrent. A record is replaced by a rename, so that it is always whole. Its lock is a leaf.</summary>
internal sealed class RecordFolder(IDisk disk, string path)
{
    private const string Extension = ".torrent", Unfinished = ".new";

    private readonly Lock _lock = new();
    private HashSet<InfoHash> _unflushed = [];
    private bool _namesChanged = true; // perhaps: the last process may have died before it flushed what it wrote or deleted

    public string Path => path;

    /// <summary>The torrents that have a record. What a write that was cut short left behind is deleted.</summary>
    public List<InfoHash> List()
    {
        var ids = new List<InfoHash>();
        if (disk.Stat(path) is not { Kind: DiskEntryKind.Folder }) return ids;

        foreach (var entry in disk.Enumerate(path))
        {
            if (entry.Kind != DiskEntryKind.File) continue;
            if (entry.Name.EndsWith(Unfinished, StringComparison.Ordinal)) disk.DeleteFile(System.IO.Path.Join(path, entry.Name));
            else if (entry.Name.EndsWith(Extension, StringComparison.Ordinal) && InfoHash.TryParse(entry.Name[..^Extension.Length], out var id)) ids.Add(id);
        }

        return ids;
    }

    /// <returns>Null if it cannot be read as the record of that torrent.</returns>
    public TorrentRecord? Read(InfoHash id)
    {
        using var file = disk.Open(PathOf(id), FileAccess.Read);
        if (file.Stamp.Length > MetainfoFile.MaxLength) return null;

        var bytes = new byte[file.Stamp.Length];
        return file.Read(bytes, 0) == bytes.Length && TorrentRecord.Read(bytes) is { } record && record.Info.InfoHash == id ? record : null;
    }

    public bool Exists(InfoHash id) => disk.Stat(PathOf(id)) is { Kind: DiskEntryKind.File };

    public void Write(TorrentRecord record)
    {
        var id = record.Info.InfoHash;
        var (final, unfinished) = (PathOf(id), PathOf(id) + Unfinished);
        disk.CreateFolder(path);
        disk.DeleteFile(unfinished);
        var replaces = disk.Stat(final) is not null;
        using (var file = disk.Open(unfinished, FileAccess.ReadWrite))
        {
            file.Write(record.Write(), 0);
            if (replaces) file.Flush(); // else a power cut could leave neither
        }

        disk.Rename(unfinished, final, overwrite: true);
        lock (_lock)
        {
            _unflushed.Add(id);
            _namesChanged = true;
        }
    }

    public void Delete(InfoHash id)
    {
        if (disk.Stat(PathOf(id)) is null) return;

        disk.DeleteFile(PathOf(id));
        lock (_lock)
        {
            _unflushed.Remove(id);
            _namesChanged = true;
        }
    }

    /// <summary>Brings to the medium what was written since the last time.</summary>
    public void Flush()
    {
        HashSet<InfoHash> ids;
        lock (_lock)
        {
            if (_unflushed.Count == 0 && !_namesChanged) return;
            (ids, _unflushed, _namesChanged) = (_unflushed, [], false);
        }

        var isFlushed = false;
        try
        {
            if (!(ids.Count > 8 && disk.TrySyncAll(path)))
            {
                foreach (var id in ids) Flush(id);
                if (disk.Stat(path) is { Kind: DiskEntryKind.Folder }) disk.FlushNames(path);
                disk.FlushNames(System.IO.Path.GetDirectoryName(path)!);
            }

            isFlushed = true;
        }
        finally
        {
            lock (_lock)
            {
                if (!isFlushed)
                {
                    _unflushed.UnionWith(ids);
                    _namesChanged = true;
                }
            }
        }
    }

    private void Flush(InfoHash id)
    {
        try
        {
            using var file = disk.Open(PathOf(id), OperatingSystem.IsWindows() ? FileAccess.ReadWrite : FileAccess.Read);
            file.Flush();
        }
        catch (Exception e) when (DiskErrors.IsMissing(e))
        {
            // removed meanwhile
        }
    }

    private string PathOf(InfoHash id) => System.IO.Path.Join(path, id + Extension);
}
