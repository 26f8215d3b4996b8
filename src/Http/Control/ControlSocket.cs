using System.Security.Cryptography;
using System.Text;
using Shoal.Node;

namespace Shoal.Http.Control;

/// <summary>Where the control socket of a store lies: in a folder that only its user can enter, at a path short enough for a socket address.</summary>
public static class ControlSocket
{
    private const UnixFileMode OnlyOwner = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const int MaxPathBytes = 100; // sun_path holds 104 bytes on some systems and 108 on others

    /// <summary>The path to serve at; its folder is made if missing.</summary>
    /// <exception cref="ShoalException">The folder can be entered by others.</exception>
    public static string Prepare(string storePath)
    {
        var path = Candidates(storePath, Environment.GetEnvironmentVariable, Path.GetTempPath())[0];
        EnsurePrivate(Path.GetDirectoryName(path)!);
        return path;
    }

    /// <summary>Where the holder of a store may be listening, likeliest first: its surroundings may differ from ours.</summary>
    public static IReadOnlyList<string> Candidates(string storePath) => Candidates(storePath, Environment.GetEnvironmentVariable, Path.GetTempPath());

    internal static IReadOnlyList<string> Candidates(string storePath, Func<string, string?> environment, string tempFolder)
    {
        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(storePath));
        var name = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(full)))[..16] + ".sock";
        List<string> paths = [];
        if (environment("XDG_RUNTIME_DIR") is { Length: > 0 } runtime && Directory.Exists(runtime)) paths.Add(Path.Combine(runtime, "shoal", name));

        var own = "shoal-" + (OperatingSystem.IsWindows() ? environment("USERNAME") ?? "user" : FolderOwner.CurrentUser().ToString(System.Globalization.CultureInfo.InvariantCulture));
        paths.Add(Path.Combine(tempFolder, own, name));
        if (!OperatingSystem.IsWindows()) paths.Add(Path.Combine("/tmp", own, name));

        List<string> fitting = [.. paths.Where(p => Encoding.UTF8.GetByteCount(p) <= MaxPathBytes).Distinct()];
        return fitting.Count > 0 ? fitting : [paths[^1]];
    }

    internal static void EnsurePrivate(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
            return;
        }

        if (!Directory.Exists(folder)) Directory.CreateDirectory(folder, OnlyOwner);
        if (FolderOwner.IsOurs(folder) && (File.GetUnixFileMode(folder) & ~OnlyOwner) == 0) return;

        throw new ShoalException("control-folder", $"Others can enter {folder}, where the control socket goes. Remove that folder, or set XDG_RUNTIME_DIR to one that only you can enter.");
    }
}
