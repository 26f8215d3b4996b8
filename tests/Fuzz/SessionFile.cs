using System.Buffers.Binary;

namespace Shoal.Fuzz;

/// <summary>Several inputs one after the other in a file, each after its length in two bytes: for failures that one input alone does not show.</summary>
internal static class SessionFile
{
    public const string Extension = ".session";

    public static byte[] Write(IReadOnlyList<byte[]> inputs)
    {
        var bytes = new MemoryStream();
        Span<byte> length = stackalloc byte[2];
        foreach (var input in inputs)
        {
            BinaryPrimitives.WriteUInt16BigEndian(length, checked((ushort)input.Length));
            bytes.Write(length);
            bytes.Write(input);
        }

        return bytes.ToArray();
    }

    public static IReadOnlyList<byte[]> Read(byte[] bytes)
    {
        var inputs = new List<byte[]>();
        for (var at = 0; at < bytes.Length;)
        {
            var length = BinaryPrimitives.ReadUInt16BigEndian(bytes.AsSpan(at));
            inputs.Add(bytes[(at + 2)..(at + 2 + length)]);
            at += 2 + length;
        }

        return inputs;
    }
}
