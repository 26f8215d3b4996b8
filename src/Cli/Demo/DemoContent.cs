using Shoal.Cli.Arguments;
using Shoal.Cli.Output;
using Shoal.Node.Commands;

namespace Shoal.Cli.Demo;

/// <summary>The real files that the demo shares: what the user named, else the .NET runtime's own folder, else the program's. Shared where they lie; only of what is too much, a sample is copied.</summary>
internal sealed record DemoContent(string Path, string Name, long Length, bool IsSample)
{
    private const long Least = 4_000_000, Most = 400_000_000, Sample = 80_000_000;

    private static readonly EnumerationOptions Everything = new() { RecurseSubdirectories = true, IgnoreInaccessible = true, AttributesToSkip = FileAttributes.ReparsePoint };

    /// <exception cref="RefusedException">There is nothing, or too little.</exception>
    public static DemoContent Choose(string? path, Func<string, string?> environment, string temp)
    {
        var chosen = path is null ? RuntimeFolder(environment) ?? AppContext.BaseDirectory : path;
        chosen = System.IO.Path.TrimEndingDirectorySeparator(chosen);
        FileInfo[] files = File.Exists(chosen)
            ? [new FileInfo(chosen)]
            : Directory.Exists(chosen)
                ? [.. new DirectoryInfo(chosen).EnumerateFiles("*", Everything)]
                : throw new RefusedException(ExitCode.Failed, "not-found", $"There is no file or folder '{chosen}'. Type 'shoal demo' alone to use files that are here.");
        var name = path is null && System.IO.Path.GetFileName(chosen) is var version && Version.TryParse(version, out _) ? "dotnet-runtime-" + version : System.IO.Path.GetFileName(chosen);
        var length = files.Sum(f => f.Length);
        if (length < Least) throw new RefusedException(ExitCode.Failed, "too-little", $"'{chosen}' holds {Words.Size(length)}; to see a swarm work it takes {Words.Size(Least)} or more. Type 'shoal demo' alone to use files that are here.");
        return length <= Most ? new DemoContent(chosen, name, length, false) : TakeSample(files, name, temp);
    }

    private static DemoContent TakeSample(FileInfo[] files, string name, string temp)
    {
        var folder = Directory.CreateDirectory(System.IO.Path.Combine(temp, "sample")).FullName;
        var left = Sample;
        foreach (var (file, at) in files.OrderBy(f => f.FullName, StringComparer.Ordinal).Select((f, i) => (f, i)))
        {
            if (left == 0) break;

            using var source = file.OpenRead();
            using var target = File.Create(System.IO.Path.Combine(folder, $"{at:0000}-{file.Name}"));
            var take = Math.Min(left, file.Length);
            var buffer = new byte[1 << 20];
            for (var rest = take; rest > 0;)
            {
                var read = source.Read(buffer, 0, (int)Math.Min(buffer.Length, rest));
                if (read == 0) break;

                target.Write(buffer, 0, read);
                rest -= read;
            }

            left -= take;
        }

        return new DemoContent(folder, name, Sample - left, true);
    }

    private static string? RuntimeFolder(Func<string, string?> environment)
    {
        foreach (var root in Roots(environment))
        {
            var runtimes = System.IO.Path.Combine(root, "shared", "Microsoft.NETCore.App");
            if (!Directory.Exists(runtimes)) continue;

            var newest = Directory.EnumerateDirectories(runtimes).MaxBy(d => Version.TryParse(System.IO.Path.GetFileName(d), out var version) ? version : new Version());
            if (newest is not null) return newest;
        }

        return null;
    }

    private static IEnumerable<string> Roots(Func<string, string?> environment)
    {
        if (environment("DOTNET_ROOT") is { Length: > 0 } root) yield return root;

        var program = OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet";
        foreach (var folder in (environment("PATH") ?? "").Split(System.IO.Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries))
        {
            var dotnet = new FileInfo(System.IO.Path.Combine(folder, program));
            if (!dotnet.Exists) continue;

            var target = dotnet.ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? dotnet.FullName;
            if (System.IO.Path.GetDirectoryName(target) is { } beside) yield return beside;
        }

        foreach (var usual in (string[])["/usr/share/dotnet", "/usr/lib/dotnet", "/usr/lib64/dotnet", "/usr/local/share/dotnet", "/opt/dotnet"]) yield return usual;

        if (environment("HOME") is { Length: > 0 } home) yield return System.IO.Path.Combine(home, ".dotnet");
        if (environment("ProgramFiles") is { Length: > 0 } programs) yield return System.IO.Path.Combine(programs, "dotnet");
    }
}
