namespace Shoal.Storage;

/// <summary>What kept the store from doing something, for programs; the message is for people.</summary>
public enum StoreErrorCode
{
    /// <summary>Another process holds the store.</summary>
    InUse,

    /// <summary>A newer version wrote the store.</summary>
    NewerVersion,

    /// <summary>The catalogue cannot be read as one.</summary>
    Damaged,

    /// <summary>A path does not exist.</summary>
    NotFound,

    /// <summary>A path cannot be read.</summary>
    Unreadable,

    /// <summary>A path cannot be written.</summary>
    Unwritable,

    /// <summary>The disk is full, or would be.</summary>
    NoSpace,

    /// <summary>The store would hold more than it may.</summary>
    OverQuota,

    /// <summary>What stands at the target is something else, and is not to be overwritten.</summary>
    TargetHoldsOtherContent,

    /// <summary>Two names of a torrent are one name on this disk, or one is a file where another needs a folder.</summary>
    NamesCollide,

    /// <summary>A file did not hold still while it was hashed.</summary>
    ChangedWhileHashing,

    /// <summary>There is nothing to share at a path.</summary>
    NothingToShare,

    /// <summary>More files or pieces than a torrent may have, or a piece length that none may have.</summary>
    InvalidTorrent,

    /// <summary>The torrent is not in the store.</summary>
    NotHeld,

    /// <summary>The disk failed.</summary>
    DiskFailed,
}
