namespace Shoal.Storage.Catalogues;

/// <summary>The tables of the catalogue; docs/storage.md explains them.</summary>
internal static class Schema
{
    public const int Version = 4;

    /// <summary>What makes version n + 1 of version n, from version 1 on. Nothing that is held is lost by it.</summary>
    public static readonly string[] Upgrades = [Names + Trackers, Runs, Space];

    public const string Create = Tables + Trackers + Runs + Space;

    /// <summary>What is pinned, what was used when, who else was known to have it, and settings of the store (version 4).</summary>
    private const string Space = """
        CREATE TABLE pins (
            torrent INTEGER PRIMARY KEY);
        CREATE TABLE uses (
            copy INTEGER PRIMARY KEY,
            used INTEGER NOT NULL,
            others INTEGER,
            counted INTEGER);
        CREATE TABLE settings (
            name TEXT NOT NULL PRIMARY KEY,
            value INTEGER NOT NULL) WITHOUT ROWID;
        """;

    /// <summary>Hybrids had no second name, which CatalogueFile fills in.</summary>
    private const string Names = "ALTER TABLE torrents ADD COLUMN infohash_v1 BLOB;";

    private const string Trackers = """
        CREATE TABLE trackers (
            torrent INTEGER NOT NULL,
            tier INTEGER NOT NULL,
            place INTEGER NOT NULL,
            url TEXT NOT NULL,
            PRIMARY KEY (torrent, tier, place)) WITHOUT ROWID;
        """;

    /// <summary>CatalogueFile fills it in for what was held before.</summary>
    private const string Runs = """
        CREATE TABLE runs (
            key INTEGER NOT NULL,
            torrent INTEGER NOT NULL,
            file INTEGER NOT NULL,
            node INTEGER NOT NULL,
            PRIMARY KEY (key, torrent, file)) WITHOUT ROWID;
        """;

    private const string Tables = """
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
