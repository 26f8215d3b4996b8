using CsCheck;
using Shoal.Wire.Encryption;
using Xunit;

namespace Shoal.Unit.Wire.Encryption;

public sealed class KeyExchangeTests
{
    private const string Prime =
        "ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22514a08798e3404dd"
        + "ef9519b3cd3a431b302b0a6df25f14374fe1356d6d51c245e485b576625e7ec6f44c42e9a63a36210000000000090563";

    [Fact]
    public void GivesKeyAndSecret_AsComputedElsewhere()
    {
        var (key, secret) = (new byte[KeyExchange.KeyLength], new byte[KeyExchange.KeyLength]);
        byte[] theirs = new byte[KeyExchange.KeyLength];
        KeyExchange.WritePublicKey(Exponent(100), theirs);

        KeyExchange.WritePublicKey(Exponent(0), key);
        Assert.True(KeyExchange.TryWriteSecret(Exponent(0), theirs, secret));

        Assert.Equal(
            "7fba71c678158bd55ef1cc04a919d1b05f79f9da403c67e82bb1a99a7b4bc4ec221cca6c3a78171a40f2cc12e3d9d4454338f7e4b9b33de5e82ab04e86f5cd43aaf9dad923988501c371d3159935de5499e5d726e740b1eabbf4a3dd03c68071",
            Convert.ToHexStringLower(key));
        Assert.Equal(
            "9da62f564014a9bab06585de6b7ff5d2b08be794507e7df61e5c2dcce6689530401dcae341bb8b13d93df486bb11b917b7852781f22390479d68a744007984647ce8ca7d7f95c5ba9c3f1c0919b130c46dc2c6d5a1035c1e115f01d50b379507",
            Convert.ToHexStringLower(secret));
    }

    [Fact]
    public void GivesBothTheSameSecret() => Gen.Byte.Array[KeyExchange.ExponentLength].Select(Gen.Byte.Array[KeyExchange.ExponentLength]).Sample((ours, theirs) =>
    {
        ours[0] = theirs[0] |= 1;
        byte[][] keys = [new byte[KeyExchange.KeyLength], new byte[KeyExchange.KeyLength]];
        byte[][] secrets = [new byte[KeyExchange.KeyLength], new byte[KeyExchange.KeyLength]];

        KeyExchange.WritePublicKey(ours, keys[0]);
        KeyExchange.WritePublicKey(theirs, keys[1]);

        return KeyExchange.TryWriteSecret(ours, keys[1], secrets[0]) && KeyExchange.TryWriteSecret(theirs, keys[0], secrets[1]) && secrets[0].AsSpan().SequenceEqual(secrets[1]);
    });

    [Fact]
    public void RefusesKeys_WhoseSecretAnybodyCouldTell()
    {
        var prime = Convert.FromHexString(Prime);
        byte[] zero = new byte[KeyExchange.KeyLength], one = [.. zero[1..], 1], two = [.. zero[1..], 2];
        byte[] secondLast = [.. prime[..^1], 0x61], last = [.. prime[..^1], 0x62], next = [.. prime[..^1], 0x64], largest = new byte[KeyExchange.KeyLength];
        Array.Fill(largest, (byte)255);

        byte[][] taken = [two, secondLast], refused = [zero, one, last, prime, next, largest];

        Assert.All(taken, key => Assert.True(KeyExchange.TryWriteSecret(Exponent(0), key, new byte[KeyExchange.KeyLength])));
        Assert.All(refused, key => Assert.False(KeyExchange.TryWriteSecret(Exponent(0), key, new byte[KeyExchange.KeyLength])));
    }

    private static byte[] Exponent(int first) => [.. Enumerable.Range(first, KeyExchange.ExponentLength).Select(i => (byte)i)];
}
