namespace Shoal.Fuzz.Mutation;

/// <summary>Makes the next input out of one that is known, by a few changes on top of each other.</summary>
internal sealed class Mutator(FuzzTarget target, Random random)
{
    private readonly ByteMutations _bytes = new(random, target.Tokens);
    private readonly BencodeMutations _bencode = new(random, target.HeadLength, target.Tokens);

    public byte[] Next(InputPool pool)
    {
        var data = pool.Pick(random);
        do
        {
            var other = pool.Pick(random);
            data = target.IsBencoded && random.Next(3) > 0 ? _bencode.Apply(data, other) : _bytes.Apply(data, other);
        }
        while (random.Next(5) < 2);

        if (target.HeadLength > 0 && random.Next(3) == 0 && data.Length >= target.HeadLength)
        {
            data = (byte[])data.Clone();
            data[random.Next(target.HeadLength)] = (byte)random.Next(256);
        }

        return data.Length > target.MaxLength ? data[..target.MaxLength] : data;
    }
}
