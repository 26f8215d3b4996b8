namespace Shoal.Fuzz.Mutation;

internal static class Edit
{
    /// <summary>The same bytes with a range of them replaced.</summary>
    public static byte[] Replace(ReadOnlySpan<byte> data, int start, int length, ReadOnlySpan<byte> with)
    {
        var edited = new byte[data.Length - length + with.Length];
        data[..start].CopyTo(edited);
        with.CopyTo(edited.AsSpan(start));
        data[(start + length)..].CopyTo(edited.AsSpan(start + with.Length));
        return edited;
    }
}
