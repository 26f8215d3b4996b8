using System.Text;

namespace Shoal.Unit.Core.Bencode;

/// <summary>
/// A bencoder that shares nothing with ours and writes what it is told, wrong order included: integers, strings, bytes, lists as
/// <c>object[]</c>, dictionaries as arrays of pairs, and <see cref="Raw"/>.
/// </summary>
internal static class Ben
{
    public sealed record Raw(byte[] Bytes);

    public static byte[] Of(object value)
    {
        var output = new MemoryStream();
        Write(output, value);
        return output.ToArray();
    }

    public static (object Key, object Value)[] Dict(params (object Key, object Value)[] pairs) => pairs;

    public static (object Key, object Value)[] With(this (object Key, object Value)[] pairs, object key, object? value) =>
        [.. pairs.Where(p => !Equals(p.Key, key)).Concat(value is null ? [] : [(key, value)]).OrderBy(p => Convert.ToHexString(Bytes(p.Key)), StringComparer.Ordinal)];

    private static byte[] Bytes(object text) => text as byte[] ?? Encoding.UTF8.GetBytes((string)text);

    private static void Write(MemoryStream output, object value)
    {
        switch (value)
        {
            case int or long:
                output.Write(Encoding.ASCII.GetBytes($"i{value}e"));
                break;
            case string or byte[]:
                var bytes = Bytes(value);
                output.Write(Encoding.ASCII.GetBytes($"{bytes.Length}:"));
                output.Write(bytes);
                break;
            case (object Key, object Value)[] pairs:
                output.WriteByte((byte)'d');
                foreach (var (key, item) in pairs)
                {
                    Write(output, key);
                    Write(output, item);
                }

                output.WriteByte((byte)'e');
                break;
            case object[] items:
                output.WriteByte((byte)'l');
                foreach (var item in items) Write(output, item);
                output.WriteByte((byte)'e');
                break;
            case Raw raw:
                output.Write(raw.Bytes);
                break;
            default:
                throw new ArgumentException(value.GetType().Name, nameof(value));
        }
    }
}
