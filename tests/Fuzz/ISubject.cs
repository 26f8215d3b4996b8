namespace Shoal.Fuzz;

/// <summary>What inputs are fed to: a parser, or something that keeps state between inputs. What it does follows from its inputs alone.</summary>
internal interface ISubject
{
    /// <summary>Throws if anything is not as it must be: a <see cref="Violation"/>, or whatever the code under test let escape.</summary>
    /// <returns>A hash of what came of it; an input with a new one is kept and mutated further.</returns>
    ulong Run(ReadOnlySpan<byte> input);
}
