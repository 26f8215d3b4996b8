namespace Shoal.Storage.Disk;

/// <summary>
/// The file system as Storage uses it. Synchronous: called on storage workers. Fails with <see cref="IOException"/> or
/// <see cref="UnauthorizedAccessException"/>, which Storage turns into words.
/// </summary>
public interface IDisk
{
    /// <summary>Opens without locking anybody out. Writing makes the file if it is missing, and never follows a link at the last element.</summary>
    IDiskFile Open(string path, FileAccess access);

    /// <summary>What stands at a path, links not followed; null if nothing.</summary>
    DiskEntry? Stat(string path);

    /// <summary>The entries of a folder, in any order.</summary>
    IReadOnlyList<DiskEntry> Enumerate(string folder);

    /// <summary>Makes a folder and those above it; nothing if it is there.</summary>
    void CreateFolder(string path);

    /// <summary>Moves a file or a folder within one file system.</summary>
    void Rename(string from, string to, bool overwrite);

    /// <summary>Makes a file that does not exist yet share the bytes of another until either is written to (a reflink).</summary>
    /// <returns>False if the file system cannot; then nothing is left at <paramref name="to"/>.</returns>
    bool TryClone(string from, string to);

    /// <summary>Deletes a file or a link; nothing if it is not there.</summary>
    void DeleteFile(string path);

    /// <summary>Deletes a folder if it is empty.</summary>
    /// <returns>Whether it is gone.</returns>
    bool TryDeleteFolder(string path);

    void CreateLink(string path, string target);

    void SetExecutable(string path);

    /// <summary>Bytes that may still be written to the file system of an existing folder.</summary>
    long FreeSpace(string folder);

    /// <summary>Brings everything written to the file system of an existing folder to the medium, names included; false if that cannot be done at once.</summary>
    bool TrySyncAll(string folder);

    /// <summary>Brings the names in an existing folder to the medium, where flushing a file does not do so.</summary>
    void FlushNames(string folder);

    /// <summary>
    /// The same disk for content that others name: below a folder no link is followed, by any verb, whatever happens between two calls. Where the system cannot do
    /// that, paths are looked at before they are used, and no more.
    /// </summary>
    /// <param name="folder">Absolute. Links in the path to it are the user's and are followed.</param>
    IDisk Within(string folder) => this;

    /// <summary>Takes a lock that ends with the process; null if somebody has it.</summary>
    IDisposable? TryLock(string path);
}
