using Microsoft.Data.Sqlite;
using Shoal.Core.Geometry;
using Shoal.Core.Metainfo;

namespace Shoal.Storage.Catalogues;

/// <summary>Enters and removes what <see cref="RunKeys"/> finds by. Costs as much as the torrent is large, whatever else is held.</summary>
internal sealed class RunWriter(SqliteConnection connection) : IDisposable
{
    private readonly Statement _add = new(connection, "INSERT OR IGNORE INTO runs (key, torrent, file, node) VALUES ($1, $2, $3, $4)");
    private readonly Statement _drop = new(connection, "DELETE FROM runs WHERE key = $1 AND torrent = $2 AND file = $3");
    private readonly Statement _layers = new(connection, "SELECT file, layer FROM layers WHERE torrent = $1");

    /// <summary>The canonical torrents of a torrent's files; of a private one none, since nobody may ask for them.</summary>
    public void EnterNames(long torrent, TorrentInfo info)
    {
        foreach (var (file, key) in Names(info)) _add.Run(key, torrent, file, RunKeys.Name);
    }

    public void EnterNodes(long torrent, FileIndex file, byte[] layer, int pieceHeight)
    {
        foreach (var (key, node) in RunKeys.Of(layer, pieceHeight)) _add.Run(key, torrent, file.Value, node);
    }

    /// <summary>Everything of a torrent whose layers are entered.</summary>
    public void EnterAll(long torrent, TorrentInfo info)
    {
        EnterNames(torrent, info);
        foreach (var (file, layer) in Layers(torrent)) EnterNodes(torrent, file, layer, info.Geometry.PieceHeight);
    }

    /// <summary>To be called while its layers are still entered.</summary>
    public void Remove(long torrent, TorrentInfo info)
    {
        foreach (var (file, key) in Names(info)) _drop.Run(key, torrent, file);
        foreach (var (file, layer) in Layers(torrent))
        {
            foreach (var (key, _) in RunKeys.Of(layer, info.Geometry.PieceHeight)) _drop.Run(key, torrent, file.Value);
        }
    }

    public void Dispose()
    {
        _add.Dispose();
        _drop.Dispose();
        _layers.Dispose();
    }

    private static IEnumerable<(int File, long Key)> Names(TorrentInfo info)
    {
        for (var i = 0; i < info.Files.Count && !info.IsPrivate; i++)
        {
            if (!info.Files[i].Id.IsNone) yield return (i, RunKeys.Of(CanonicalTorrent.NameOf(info.Files[i].Id, info.Files[i].Length).Truncated));
        }
    }

    private List<(FileIndex File, byte[] Layer)> Layers(long torrent)
    {
        var layers = new List<(FileIndex, byte[])>();
        using var rows = _layers.Query(torrent);
        while (rows.Read()) layers.Add((new FileIndex((int)rows.GetInt64(0)), rows.GetFieldValue<byte[]>(1)));
        return layers;
    }
}
