using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Shoal.Storage.Disk;

/// <summary>
/// What the framework does not offer: opening without an advisory lock, telling devices from files before opening them, times to the nanosecond
/// in one call, reading only what is in memory, taking room without changing a length, and flushing a whole file system.
/// </summary>
internal static unsafe partial class LinuxCalls
{
    private const int CurrentFolder = -100; // AT_FDCWD
    private const int EmptyPath = 0x1000; // AT_EMPTY_PATH
    private const int NoFollow = 0x100; // AT_SYMLINK_NOFOLLOW
    private const uint BasicStats = 0x7FF; // STATX_BASIC_STATS
    private const int StatxLength = 256, ModeAt = 28, SizeAt = 40, SecondsAt = 112, NanosecondsAt = 120;

    private const int ReadOnly = 0, ReadWrite = 2, Create = 0x40, Exclusive = 0x80, NonBlocking = 0x800, CloseOnExec = 0x80000;
    private const int KeepSize = 1; // FALLOC_FL_KEEP_SIZE
    private const nuint CloneRequest = 0x4020940D; // FICLONERANGE
    private const int NoWait = 8; // RWF_NOWAIT
    private const nuint CloneFile = 0x40049409; // FICLONE: _IOW(0x94, 9, int)
    private const int NoEntry = 2, AccessDenied = 13, NotPermitted = 1, NotAFolder = 20, TooManyLinks = 40;

    private static int NoFollowLast => RuntimeInformation.ProcessArchitecture is Architecture.Arm64 or Architecture.Arm ? 0x8000 : 0x20000; // O_NOFOLLOW

    public static SafeFileHandle Open(string path, FileAccess access)
    {
        // A pipe opened for reading would wait for its writer: O_NONBLOCK, which files ignore.
        var flags = access == FileAccess.Read ? ReadOnly | NonBlocking : ReadWrite | Create | NoFollowLast;
        var descriptor = Open(path, flags | CloseOnExec, 0x1B6 /* 0666, less the umask */);
        return descriptor >= 0 ? new SafeFileHandle(descriptor, ownsHandle: true) : throw Error(path);
    }

    /// <summary>Opens a file for writing that does not exist yet.</summary>
    public static SafeFileHandle CreateNew(string path)
    {
        var descriptor = Open(path, ReadWrite | Create | Exclusive | NoFollowLast | CloseOnExec, 0x1B6);
        return descriptor >= 0 ? new SafeFileHandle(descriptor, ownsHandle: true) : throw Error(path);
    }

    /// <summary>False where the file system cannot, or the two are not on the same one.</summary>
    public static bool TryClone(SafeFileHandle source, SafeFileHandle target)
    {
        bool isSourceHeld = false, isTargetHeld = false;
        try
        {
            source.DangerousAddRef(ref isSourceHeld);
            target.DangerousAddRef(ref isTargetHeld);
            return Control((int)target.DangerousGetHandle(), CloneFile, (int)source.DangerousGetHandle()) == 0;
        }
        finally
        {
            if (isSourceHeld) source.DangerousRelease();
            if (isTargetHeld) target.DangerousRelease();
        }
    }

    /// <summary>Mode and stamp of what stands at a path, links not followed; false if nothing does.</summary>
    public static bool TryStat(string path, out int mode, out FileStamp stamp)
    {
        Span<byte> buffer = stackalloc byte[StatxLength];
        if (Statx(CurrentFolder, path, NoFollow, BasicStats, ref MemoryMarshal.GetReference(buffer)) == 0)
        {
            (mode, stamp) = Read(buffer);
            return true;
        }

        (mode, stamp) = (0, default);
        return Marshal.GetLastPInvokeError() is NoEntry or NotAFolder ? false : throw Error(path);
    }

    public static FileStamp Stat(SafeFileHandle handle)
    {
        Span<byte> buffer = stackalloc byte[StatxLength];
        var added = false;
        handle.DangerousAddRef(ref added);
        try
        {
            if (Statx((int)handle.DangerousGetHandle(), "", EmptyPath, BasicStats, ref MemoryMarshal.GetReference(buffer)) != 0) throw Error("");
        }
        finally
        {
            if (added) handle.DangerousRelease();
        }

        return Read(buffer).Stamp;
    }

    /// <summary>Reads from the page cache (preadv2); false if not all of it is there, or the file system cannot tell.</summary>
    public static bool TryReadNow(SafeFileHandle handle, Span<byte> destination, long offset)
    {
        var added = false;
        handle.DangerousAddRef(ref added);
        try
        {
            fixed (byte* to = destination)
            {
                var vector = new IoVector { Base = to, Length = (nuint)destination.Length };
                return ReadVectors((int)handle.DangerousGetHandle(), &vector, 1, offset, NoWait) == destination.Length;
            }
        }
        catch (EntryPointNotFoundException)
        {
            return false; // a C library older than the call
        }
        finally
        {
            if (added) handle.DangerousRelease();
        }
    }

    /// <summary>Halves what writing costs where extents are allocated late (ext4). Where it cannot be done, a write says what there is to say.</summary>
    public static void Reserve(SafeFileHandle handle, long length)
    {
        var added = false;
        handle.DangerousAddRef(ref added);
        try
        {
            _ = Allocate((int)handle.DangerousGetHandle(), KeepSize, 0, length);
        }
        finally
        {
            if (added) handle.DangerousRelease();
        }
    }

    /// <summary>FICLONERANGE: false where the file system has no such thing, on another one, or if the run does not begin and end at its blocks.</summary>
    public static bool TryClone(SafeFileHandle from, long fromOffset, SafeFileHandle to, long offset, long length)
    {
        var (fromAdded, toAdded) = (false, false);
        from.DangerousAddRef(ref fromAdded);
        try
        {
            to.DangerousAddRef(ref toAdded);
            var range = new CloneRange { From = (long)from.DangerousGetHandle(), FromOffset = fromOffset, Length = length, Offset = offset };
            return IoControl((int)to.DangerousGetHandle(), CloneRequest, &range) == 0;
        }
        finally
        {
            if (toAdded) to.DangerousRelease();
            if (fromAdded) from.DangerousRelease();
        }
    }

    public static bool TrySyncFileSystem(SafeFileHandle handle)
    {
        var added = false;
        handle.DangerousAddRef(ref added);
        try
        {
            return SyncFs((int)handle.DangerousGetHandle()) == 0 ? true : throw Error("");
        }
        finally
        {
            if (added) handle.DangerousRelease();
        }
    }

    private static (int Mode, FileStamp Stamp) Read(ReadOnlySpan<byte> statx)
    {
        var seconds = BinaryPrimitives.ReadInt64LittleEndian(statx[SecondsAt..]);
        var nanoseconds = BinaryPrimitives.ReadUInt32LittleEndian(statx[NanosecondsAt..]);
        var stamp = new FileStamp(BinaryPrimitives.ReadInt64LittleEndian(statx[SizeAt..]), unchecked(seconds * 1_000_000_000 + nanoseconds));
        return (BinaryPrimitives.ReadUInt16LittleEndian(statx[ModeAt..]), stamp);
    }

    private static Exception Error(string path)
    {
        var error = Marshal.GetLastPInvokeError();
        var message = $"{path}: {Marshal.GetPInvokeErrorMessage(error)}";
        return error switch
        {
            NoEntry or NotAFolder => new FileNotFoundException(message, path),
            AccessDenied or NotPermitted or TooManyLinks => new UnauthorizedAccessException(message),
            _ => new IOException(message, error),
        };
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags, int mode);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(int folder, string path, int flags, uint mask, ref byte buffer);

    // The offset is of 64 bits on every Linux that .NET runs on: the "64" of 32-bit systems is an alias elsewhere.
    [LibraryImport("libc", EntryPoint = "preadv64v2")]
    private static partial nint ReadVectors(int descriptor, IoVector* vectors, int count, long offset, int flags);

    [LibraryImport("libc", EntryPoint = "fallocate64")]
    private static partial int Allocate(int descriptor, int mode, long offset, long length);

    // variadic in C: on Linux both kinds of call put an int in the same place
    [LibraryImport("libc", EntryPoint = "ioctl")]
    private static partial int Control(int descriptor, nuint request, int argument);

    [LibraryImport("libc", EntryPoint = "syncfs", SetLastError = true)]
    private static partial int SyncFs(int descriptor);

    [LibraryImport("libc", EntryPoint = "ioctl")]
    private static partial int IoControl(int descriptor, nuint request, CloneRange* argument);

    /// <summary>struct file_clone_range.</summary>
    private struct CloneRange
    {
        public long From, FromOffset, Length, Offset;
    }

    /// <summary>struct iovec.</summary>
    private struct IoVector
    {
        public byte* Base;
        public nuint Length;
    }
}
