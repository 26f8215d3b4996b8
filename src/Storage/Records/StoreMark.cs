using System.Text;
using Shoal.Storage.Disk;

namespace Shoal.Storage.Records;

/// <summary>How the last process left the store: a word and its boot ID, in a file beside the catalogue. What cannot be read as one counts as a process that died.</summary>
internal sealed class StoreMark(IDisk disk, string path, string bootId)
{
    private const int MaxLength = 256;
    private const string Open = "open", Closed = "closed", Damaged = "damaged";

    private readonly Lock _lock = new();
    private bool _isDamaged;

    /// <summary>Whether it died with the store open. False for a store without a mark: it is new, or an older version made it.</summary>
    public bool Died { get; private set; }

    /// <summary>Whether it found the catalogue damaged while it worked.</summary>
    public bool FoundDamage { get; private set; }

    /// <summary>Whether it died since the machine was started last.</summary>
    public bool IsOfThisBoot { get; private set; }

    /// <exception cref="StoreException">It cannot be read.</exception>
    public void Read()
    {
        try
        {
            if (disk.Stat(path) is not { Kind: DiskEntryKind.File }) return;

            using var file = disk.Open(path, FileAccess.Read);
            var bytes = new byte[MaxLength];
            var words = Encoding.UTF8.GetString(bytes, 0, file.Read(bytes, 0)).Split(' ', '\n');
            FoundDamage = words[0] == Damaged;
            Died = !FoundDamage && words[0] != Closed;
            IsOfThisBoot = words.Length > 1 && words[1] == bootId;
        }
        catch (Exception e) when (DiskErrors.IsDisk(e))
        {
            throw DiskErrors.Reading(e, path);
        }
    }

    /// <summary>The catalogue and its log are open.</summary>
    public void Opened() => Write(Open);

    /// <summary>Everything is entered; the log may go.</summary>
    public void Closing()
    {
        if (!_isDamaged) Write(Closed);
    }

    /// <summary>The catalogue cannot be read any more: the next process makes it anew.</summary>
    public void Spoilt()
    {
        lock (_lock)
        {
            if (_isDamaged) return;
            _isDamaged = true;
        }

        Write(Damaged);
    }

    private void Write(string word)
    {
        try
        {
            using var file = disk.Open(path, FileAccess.ReadWrite);
            file.Write(Encoding.UTF8.GetBytes($"{word} {bootId}\n".PadRight(MaxLength)), 0);
        }
        catch (Exception e) when (DiskErrors.IsDisk(e))
        {
            throw DiskErrors.Writing(e, path);
        }
    }
}
