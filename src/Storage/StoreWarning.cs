using Shoal.Core;

namespace Shoal.Storage;

public enum StoreWarningKind
{
    /// <summary>A file is not what was shared or downloaded any more; its pieces are no longer offered.</summary>
    SourceChanged,

    /// <summary>A file is gone, or cannot be read any more.</summary>
    SourceMissing,

    /// <summary>A symbolic link was not followed: it leads out of the shared folder, nowhere, or in a circle.</summary>
    LinkSkipped,

    /// <summary>A device, pipe or socket was not shared.</summary>
    SpecialFileSkipped,

    /// <summary>A file or folder of the store's own, or a name that is not text, was not shared.</summary>
    FileSkipped,

    /// <summary>A symbolic link of a torrent was not made, because it leads out of the folder.</summary>
    LinkNotMade,

    /// <summary>Data could not be flushed; it is proven again after the next start of the machine.</summary>
    FlushFailed,

    /// <summary>The catalogue could not be written; it is tried again.</summary>
    CommitFailed,

    /// <summary>The catalogue was damaged or old when the store was opened, and was made whole from the records.</summary>
    CatalogueRestored,

    /// <summary>The catalogue was found damaged while the store is in use; the next start makes it anew.</summary>
    CatalogueDamaged,

    /// <summary>The record of a torrent could not be written; it is tried again.</summary>
    RecordFailed,
}

/// <summary>Something an operator should know, that stopped nothing.</summary>
/// <param name="Message">A sentence for people.</param>
public sealed record StoreWarning(StoreWarningKind Kind, string Path, InfoHash? Torrent, string Message);
