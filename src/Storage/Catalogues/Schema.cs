namespace Shoal.Storage.Catalogues;

/// <summary>The tables of the catalogue; docs/storage.md explains them.</summary>
internal static class Schema
{
    public const int Version = 2;

    /// <summary>From each older version to the next.</summary>
    public static readonly string[] Migrations =
    [
        "ALTER TABLE torrents ADD COLUMN infohash_v1 BLOB;", // 1: hybrids had no second name, which CatalogueFile fills in
    ];

    public const string Create = """
        CREATE TABLE torrents (
            id INTEGER PRIMARY KEY,
            infohash BLOB NOT NULL UNIQUE,
            infohash_v1 BLOB,
            name TEXT NOT NULL,
            length INTEGER NOT NULL,
            private INTEGER NOT NULL,
            added INTEGER NOT NULL,
            info BLOB NOT NULL);
        CREATE TABLE layers (
            torrent INTEGER NOT NULL,
            file INTEGER NOT NULL,
            layer BLOB NOT NULL,
            PRIMARY KEY (torrent, file));
        CREATE TABLE copies (
            id INTEGER PRIMARY KEY,
            torrent INTEGER NOT NULL,
            path TEXT NOT NULL,
            shared INTEGER NOT NULL,
            complete INTEGER NOT NULL,
            have INTEGER NOT NULL,
            boot TEXT,
            present BLOB NOT NULL,
            durable BLOB NOT NULL);
        CREATE UNIQUE INDEX copies_torrent ON copies (torrent, path);
        CREATE TABLE places (
            copy INTEGER PRIMARY KEY,
            placed BLOB NOT NULL,
            found BLOB NOT NULL,
            stamps BLOB NOT NULL);
        CREATE TABLE files (
            root BLOB NOT NULL,
            length INTEGER NOT NULL,
            copy INTEGER NOT NULL,
            file INTEGER NOT NULL,
            PRIMARY KEY (root, length, copy, file)) WITHOUT ROWID;
        CREATE TABLE hashed (
            path TEXT NOT NULL PRIMARY KEY,
            length INTEGER NOT NULL,
            modified INTEGER NOT NULL,
            height INTEGER NOT NULL,
            root BLOB,
            layer BLOB NOT NULL);
        """;
}
