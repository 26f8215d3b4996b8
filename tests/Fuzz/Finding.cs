using System.Security.Cryptography;

namespace Shoal.Fuzz;

/// <summary>Inputs that make a fresh subject fail at the last of them, and how it fails.</summary>
internal sealed record Finding(FuzzTarget Target, IReadOnlyList<byte[]> Inputs, Exception Failure)
{
    /// <summary>The same for each case of one fault, as well as can be told: its kind, and where it was thrown.</summary>
    public string Signature => SignatureOf(Failure);

    /// <summary>A lone input is stored as it is, several as a session.</summary>
    public string FileName => $"{Target.Name}-{Hash()}{(Inputs.Count > 1 ? SessionFile.Extension : "")}";

    public byte[] ToBytes() => Inputs.Count == 1 ? Inputs[0] : SessionFile.Write(Inputs);

    public static string SignatureOf(Exception failure)
    {
        if (failure is Violation violation) return violation.What;

        var thrower = failure.StackTrace?.Split('\n').FirstOrDefault(l => l.Contains("Shoal.", StringComparison.Ordinal));
        return $"{failure.GetType().Name} {thrower?.Trim()}";
    }

    private string Hash() => Convert.ToHexStringLower(SHA256.HashData(ToBytes()))[..12];
}
