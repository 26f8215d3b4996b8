using System.Buffers;
using System.Text;
using Shoal.Cli.Hosting;
using Shoal.Core.Bencode;
using Shoal.Dht.Items;
using Shoal.Node.Commands;
using Shoal.Node.Events;

namespace Shoal.Cli.Arguments;

/// <summary>Values of the DHT: bencoded there, text or bytes here.</summary>
internal static class ItemValue
{
    /// <summary>What is to be put, bencoded.</summary>
    /// <exception cref="RefusedException"/>
    public static byte[] Read(string? text, string? file, bool isBencoded, Shell shell)
    {
        var bytes = file is null ? Encoding.UTF8.GetBytes(text!) : ReadFile(file, shell);
        var value = isBencoded ? bytes : Bencode(bytes);
        if (value.Length > DhtItem.MaxValueLength)
            throw new RefusedException(ExitCode.Failed, "too-large", $"The value is too large for the DHT: bencoded it may have {DhtItem.MaxValueLength} bytes, which leaves 996 for text. Share it as a file instead: shoal share.");
        if (!DhtItem.IsValue(value)) throw new RefusedException(ExitCode.Usage, "malformed-value", "The value is not one canonical bencoded value, as --bencoded says it is. Leave --bencoded out to put it as it is.");

        return value;
    }

    /// <summary>The bytes of a string, or all of any other value.</summary>
    public static byte[] Content(ValueEvent e)
    {
        var value = Convert.FromHexString(e.BencodedHex);
        var reader = new BencodeReader(value);
        return reader.TryReadString(out var bytes) ? bytes.ToArray() : value;
    }

    private static byte[] Bencode(ReadOnlySpan<byte> bytes)
    {
        var output = new ArrayBufferWriter<byte>();
        new BencodeWriter(output).WriteString(bytes);
        return output.WrittenSpan.ToArray();
    }

    /// <summary>All of a file, or just enough to tell that it is too much.</summary>
    private static byte[] ReadFile(string file, Shell shell)
    {
        try
        {
            using var stream = file == "-" ? shell.Input() : File.OpenRead(Path.GetFullPath(file, shell.Folder));
            var bytes = new byte[DhtItem.MaxValueLength + 1];
            return bytes[..stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false)];
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new RefusedException(ExitCode.Failed, "not-found", $"There is no file '{file}'. Check the path.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RefusedException(ExitCode.Failed, "unreadable", $"'{file}' cannot be read: {e.Message}");
        }
    }
}
