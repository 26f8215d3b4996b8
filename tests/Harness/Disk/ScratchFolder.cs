namespace Shoal.Harness.Disk;

/// <summary>A folder of its own for a test, deleted with all in it.</summary>
public sealed class ScratchFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("shoal-test-").FullName;

    public string this[params ReadOnlySpan<string> elements] => System.IO.Path.Join([Path, .. elements]);

    public string Write(string relative, ReadOnlySpan<byte> content)
    {
        var path = System.IO.Path.Join(Path, relative);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, content);
        return path;
    }

    public void Dispose()
    {
        try
        {
            Directory.Delete(Path, recursive: true);
        }
        catch (DirectoryNotFoundException)
        {
        }
    }
}
