namespace Shoal.Fuzz;

/// <summary><c>tests/Fuzz</c> in the work tree: where inputs come from and findings go to.</summary>
internal static class FuzzFolder
{
    public static string Root { get; } = FindRepository();

    public static string Path { get; } = System.IO.Path.Combine(Root, "tests", "Fuzz");

    public static string Crashes { get; } = System.IO.Path.Combine(Path, "crashes");

    /// <summary>The inputs a target begins from, in the order of their names.</summary>
    public static IEnumerable<(string Name, byte[] Input)> Corpus(FuzzTarget target) =>
        Files(System.IO.Path.Combine(Path, "corpus", target.Name), "*").Select(f => (System.IO.Path.GetFileName(f), File.ReadAllBytes(f)));

    /// <summary>Inputs on which a target once failed.</summary>
    public static IEnumerable<(string Name, IReadOnlyList<byte[]> Inputs)> CrashesOf(FuzzTarget target) =>
        Files(Crashes, $"{target.Name}-*").Select(f => (System.IO.Path.GetFileName(f), Read(f)));

    /// <returns>Where it lies now.</returns>
    public static string Save(Finding finding) => Save(finding.FileName, finding.ToBytes());

    public static string Save(string name, byte[] bytes)
    {
        Directory.CreateDirectory(Crashes);
        var path = System.IO.Path.Combine(Crashes, name);
        File.WriteAllBytes(path, bytes);
        return path;
    }

    public static IReadOnlyList<byte[]> Read(string path)
    {
        var bytes = File.ReadAllBytes(path);
        return path.EndsWith(SessionFile.Extension, StringComparison.Ordinal) ? SessionFile.Read(bytes) : [bytes];
    }

    private static IEnumerable<string> Files(string folder, string pattern) =>
        Directory.Exists(folder) ? Directory.EnumerateFiles(folder, pattern).Order(StringComparer.Ordinal) : [];

    private static string FindRepository()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(System.IO.Path.Combine(folder.FullName, "Shoal.slnx"))) folder = folder.Parent;
        return folder?.FullName ?? throw new DirectoryNotFoundException("the program does not lie within the work tree");
    }
}
