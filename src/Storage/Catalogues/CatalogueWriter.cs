using System.Buffers.Binary;
using Microsoft.Data.Sqlite;
using Shoal.Core;
using Shoal.Core.Geometry;
using Shoal.Core.Metainfo;
using Shoal.Storage.Disk;

namespace Shoal.Storage.Catalogues;

/// <summary>The statements that change the catalogue. Used on its writer thread only, inside a transaction.</summary>
internal sealed class CatalogueWriter(SqliteConnection connection) : IDisposable
{
    public const int StampLength = 16;

    private readonly Statement _begin = new(connection, "BEGIN IMMEDIATE");
    private readonly Statement _commit = new(connection, "COMMIT");
    private readonly Statement _rollBack = new(connection, "ROLLBACK");
    private readonly Statement _findTorrent = new(connection, "SELECT id FROM torrents WHERE infohash = $1");
    private readonly Statement _addTorrent = new(connection, "INSERT INTO torrents (infohash, infohash_v1, name, length, private, added, info) VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id");
    private readonly Statement _addLayer = new(connection, "INSERT OR IGNORE INTO layers (torrent, file, layer) VALUES ($1, $2, $3)");
    private readonly Statement _addCopy = new(connection, """
        INSERT INTO copies (torrent, path, shared, complete, have, boot, present, durable) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        ON CONFLICT (torrent, path) DO UPDATE SET complete = $4, have = $5, boot = $6, present = $7, durable = $8 RETURNING id
        """);

    private readonly Statement _addFile = new(connection, "INSERT OR IGNORE INTO files (root, length, copy, file) VALUES ($1, $2, $3, $4)");
    private readonly Statement _dropFile = new(connection, "DELETE FROM files WHERE root = $1 AND length = $2 AND copy = $3");
    private readonly Statement _setState = new(connection, "UPDATE copies SET complete = $2, have = $3, boot = $4, present = $5, durable = $6 WHERE id = $1");
    private readonly Statement _setPlaces = new(connection, "INSERT OR REPLACE INTO places (copy, placed, found, stamps) VALUES ($1, $2, $3, $4)");
    private readonly Statement _setHashed = new(connection, "INSERT OR REPLACE INTO hashed (path, length, modified, height, root, layer) VALUES ($1, $2, $3, $4, $5, $6)");
    private readonly Statement _addTracker = new(connection, "INSERT INTO trackers (torrent, tier, place, url) VALUES ($1, $2, $3, $4)");
    private readonly Statement _clearTrackers = new(connection, "DELETE FROM trackers WHERE torrent = $1");
    private readonly RunWriter _runs = new(connection);
    private readonly Statement _copiesOf = new(connection, "SELECT count(*) FROM copies WHERE torrent = $1");
    private readonly Statement _torrentOf = new(connection, "SELECT torrent FROM copies WHERE id = $1");
    private readonly Statement _doubtAll = new(connection, "UPDATE copies SET boot = $1 WHERE boot IS NOT $2");
    private readonly Statement _dropCopy = new(connection, "DELETE FROM copies WHERE id = $1");
    private readonly Statement _dropPlaces = new(connection, "DELETE FROM places WHERE copy = $1");
    private readonly Statement _dropLayers = new(connection, "DELETE FROM layers WHERE torrent = $1 AND NOT EXISTS (SELECT 1 FROM copies WHERE torrent = $1)");
    private readonly Statement _dropTrackers = new(connection, "DELETE FROM trackers WHERE torrent = $1 AND NOT EXISTS (SELECT 1 FROM copies WHERE torrent = $1)");
    private readonly Statement _dropTorrent = new(connection, "DELETE FROM torrents WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM copies WHERE torrent = $1)");

    private readonly Statement _move = new(connection, "UPDATE copies SET path = $2 WHERE id = $1");
    private readonly Statement _pin = new(connection, "INSERT OR IGNORE INTO pins (torrent) VALUES ($1)");
    private readonly Statement _unpin = new(connection, "DELETE FROM pins WHERE torrent = $1");
    private readonly Statement _dropPin = new(connection, "DELETE FROM pins WHERE torrent = $1 AND NOT EXISTS (SELECT 1 FROM copies WHERE torrent = $1)");
    private readonly Statement _setUse = new(connection, "INSERT OR REPLACE INTO uses (copy, used, others, counted) SELECT $1, $2, $3, $4 WHERE EXISTS (SELECT 1 FROM copies WHERE id = $1)");
    private readonly Statement _dropUse = new(connection, "DELETE FROM uses WHERE copy = $1");
    private readonly Statement _set = new(connection, "INSERT OR REPLACE INTO settings (name, value) VALUES ($1, $2)");
    private readonly Statement _unset = new(connection, "DELETE FROM settings WHERE name = $1");

    public void Begin() => _begin.Run();

    public void Commit() => _commit.Run();

    /// <summary>Undoes what is open; SQLite may have done so already.</summary>
    public void RollBack()
    {
        try
        {
            _rollBack.Run();
        }
        catch (SqliteException)
        {
        }
    }

    /// <returns>The torrent's row, made if it was not there.</returns>
    public long AddTorrent(TorrentInfo info, DateTimeOffset added)
    {
        var id = _findTorrent.Scalar(info.InfoHash.ToArray());
        if (id != 0) return id;

        id = _addTorrent.Scalar(
            info.InfoHash.ToArray(), info.InfoHashV1?.ToArray(), info.Name, info.Length, info.IsPrivate ? 1 : 0, added.ToUnixTimeMilliseconds(), info.Bytes.ToArray());
        _runs.EnterNames(id, info);
        return id;
    }

    public void AddLayers(long torrent, TorrentInfo info, PieceLayers layers, IEnumerable<FileIndex> files)
    {
        foreach (var file in files)
        {
            if (!layers.NeedsLayer(file) || !layers.IsKnown(file)) continue;

            var layer = layers[file].ToArray();
            if (_addLayer.Run(torrent, file.Value, layer) > 0) _runs.EnterNodes(torrent, file, layer, info.Geometry.PieceHeight);
        }
    }

    public void AddLayersOfCopy(long copy, TorrentInfo info, PieceLayers layers, IEnumerable<FileIndex> files) => AddLayers(_torrentOf.Scalar(copy), info, layers, files);

    /// <returns>The copy's row; the one that is there if another call entered the same place first.</returns>
    public long AddCopy(long torrent, TorrentInfo info, string path, bool isShared, CopyState state, CopyPlaces places)
    {
        var copy = _addCopy.Scalar(
            torrent, path, isShared ? 1 : 0, state.IsComplete ? 1 : 0, state.Have, state.Boot, state.Present.ToArray(), state.Durable.ToArray());
        SetPlaces(copy, places);
        for (var i = 0; i < info.Files.Count; i++)
        {
            if (!info.Files[i].Id.IsNone) _addFile.Run(info.Files[i].Id.Value.ToArray(), info.Files[i].Length, copy, i);
        }

        return copy;
    }

    public void SetState(long copy, CopyState state) =>
        _setState.Run(copy, state.IsComplete ? 1 : 0, state.Have, state.Boot, state.Present.ToArray(), state.Durable.ToArray());

    public void SetPlaces(long copy, CopyPlaces places)
    {
        var stamps = new byte[places.Stamps.Length * StampLength];
        for (var i = 0; i < places.Stamps.Length; i++)
        {
            BinaryPrimitives.WriteInt64LittleEndian(stamps.AsSpan(i * StampLength), places.Stamps[i].Length);
            BinaryPrimitives.WriteInt64LittleEndian(stamps.AsSpan(i * StampLength + 8), places.Stamps[i].Modified);
        }

        _setPlaces.Run(copy, places.Placed.ToArray(), places.Found.ToArray(), stamps);
    }

    public void SetHashed(HashedRow row) =>
        _setHashed.Run(row.Path, row.Stamp.Length, row.Stamp.Modified, row.PieceHeight, row.Root?.ToArray(), row.Layer);

    /// <summary>In place of those there were; nothing if the torrent is not held.</summary>
    public void SetTrackers(InfoHash id, IReadOnlyList<IReadOnlyList<string>> tiers)
    {
        var torrent = _findTorrent.Scalar(id.Value.ToArray());
        if (torrent == 0) return;

        _clearTrackers.Run(torrent);
        for (var tier = 0; tier < tiers.Count; tier++)
        {
            for (var place = 0; place < tiers[tier].Count; place++) _addTracker.Run(torrent, tier, place, tiers[tier][place]);
        }
    }

    /// <summary>Has every copy proven when it is opened next; those that are guessed are anyway.</summary>
    public void DoubtAll() => _doubtAll.Run(CopyState.Doubtful, CopyState.Guessed);

    /// <summary>Drops a copy, and its torrent if that was the last one.</summary>
    public void RemoveCopy(long copy, TorrentInfo info)
    {
        var torrent = _torrentOf.Scalar(copy);
        foreach (var file in info.Files)
        {
            if (!file.Id.IsNone) _dropFile.Run(file.Id.Value.ToArray(), file.Length, copy);
        }

        _dropPlaces.Run(copy);
        _dropCopy.Run(copy);
        if (_copiesOf.Scalar(torrent) == 0) _runs.Remove(torrent, info);
        _dropUse.Run(copy);
        _dropPin.Run(torrent);
        _dropLayers.Run(torrent);
        _dropTrackers.Run(torrent);
        _dropTorrent.Run(torrent);
    }

    /// <summary>A copy stands somewhere else from now on.</summary>
    public void MoveCopy(long copy, string path) => _move.Run(copy, path);

    /// <summary>Nothing if the torrent is not held.</summary>
    public void SetPin(InfoHash id, bool isPinned)
    {
        var torrent = _findTorrent.Scalar(id.Value.ToArray());
        if (torrent != 0) (isPinned ? _pin : _unpin).Run(torrent);
    }

    public void SetUse(UseRow row) => _setUse.Run(row.Copy, row.Used, row.Others, row.Counted);

    /// <param name="value">Null to forget it.</param>
    public void SetSetting(string name, long? value)
    {
        if (value is { } known) _set.Run(name, known);
        else _unset.Run(name);
    }

    public void Dispose()
    {
        _runs.Dispose();
        foreach (var statement in (Statement[])[
            _begin, _commit, _rollBack, _findTorrent, _addTorrent, _addLayer, _addCopy, _addFile, _dropFile, _setState, _setPlaces, _setHashed, _addTracker, _clearTrackers, _copiesOf, _torrentOf, _doubtAll,
            _dropCopy, _dropPlaces, _dropLayers, _dropTrackers, _dropTorrent, _move, _pin, _unpin, _dropPin, _setUse, _dropUse, _set, _unset])
        {
            statement.Dispose();
        }
    }
}
