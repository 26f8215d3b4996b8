using System.Security.Cryptography;

namespace Shoal.Unit.Core.Merkle;

/// <summary>The tree of BEP 52 written down as the text has it: every layer in full, zero leaves and all. Layers are lists of hashes, from the leaves up.</summary>
internal sealed class NaiveTree
{
    public NaiveTree(IEnumerable<byte[]> leaves, int height)
    {
        var layer = leaves.ToList();
        while (layer.Count < 1 << height) layer.Add(new byte[32]);
        Layers.Add(layer);
        while (layer.Count > 1)
        {
            layer = [.. layer.Chunk(2).Select(pair => SHA256.HashData([.. pair[0], .. pair[1]]))];
            Layers.Add(layer);
        }
    }

    public List<List<byte[]>> Layers { get; } = [];

    public int Height => Layers.Count - 1;

    public byte[] Root => Layers[^1][0];

    public static NaiveTree Over(byte[] data)
    {
        var leaves = data.Chunk(16384).Select(SHA256.HashData).ToList();
        var height = 0;
        while (1 << height < leaves.Count) height++;
        return new NaiveTree(leaves, height);
    }

    /// <summary>The hashes of a layer that cover data, one after the other.</summary>
    public byte[] Used(int height, int leaves) => [.. Layers[height].Take((leaves + (1 << height) - 1) >> height).SelectMany(h => h)];

    /// <summary>What answers a hash request, by the rules of libtorrent: climb from the first hash, and from the parent of the last layer that follows from the run on take each sibling.</summary>
    public byte[] Answer(int baseLayer, int index, int length, int proofLayers)
    {
        var answer = Layers[baseLayer].Skip(index).Take(length).ToList();
        var layersOfRun = 0;
        while (1 << (layersOfRun + 1) < length) layersOfRun++;
        var position = index;
        for (var i = 0; i < proofLayers; i++)
        {
            position /= 2;
            if (i >= layersOfRun) answer.Add(Layers[baseLayer + i + 1][position ^ 1]);
        }

        return [.. answer.SelectMany(h => h)];
    }
}
