using Shoal.Core;
using Shoal.Dht;
using Shoal.Dht.Items;
using Shoal.Node.Commands;

namespace Shoal.Cli.Arguments;

/// <summary>A file that holds the secret seed of a publisher's key as 64 hex digits; nobody but its owner may read the one that is made.</summary>
internal static class KeyFile
{
    private const int MaxLength = 1024;

    /// <exception cref="RefusedException"/>
    public static ItemKey Open(string shown, string folder, out bool isNew)
    {
        var path = Path.GetFullPath(shown, folder);
        try
        {
            isNew = !File.Exists(path);
            return isNew ? Make(path) : Read(shown, path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RefusedException(ExitCode.Failed, "key-file", $"The key in '{shown}' can be neither read nor made: {e.Message}");
        }
    }

    private static ItemKey Read(string shown, string path)
    {
        var text = new FileInfo(path).Length <= MaxLength ? File.ReadAllText(path).Trim() : "";
        if (Hash256.TryParse(text, out var seed)) return new ItemKey(seed.ToArray());

        throw new RefusedException(ExitCode.Usage, "malformed-key", $"'{shown}' holds no key: one is 64 hex digits and nothing else. Name a file that does not exist, and a key is made there.");
    }

    private static ItemKey Make(string path)
    {
        var key = ItemKey.Create(new SecureRandom());
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using var writer = new StreamWriter(path, options);
        writer.Write(Convert.ToHexStringLower(key.Seed.Span) + "\n");
        return key;
    }
}
