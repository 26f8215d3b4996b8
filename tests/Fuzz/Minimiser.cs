using System.Diagnostics;
using Shoal.Fuzz.Mutation;

namespace Shoal.Fuzz;

/// <summary>Makes a finding smaller while a fresh subject still fails in the same way: fewer inputs, then fewer bytes, then plainer ones.</summary>
internal sealed class Minimiser(TimeSpan patience)
{
    private const int MaxInputsToShrink = 16;

    private readonly long _begun = Stopwatch.GetTimestamp();

    public Finding Minimise(Finding finding)
    {
        if (finding.Failure is Violation { What: "too slow" }) return finding;

        var inputs = finding.Inputs;
        if (Fails(finding, [inputs[^1]])) inputs = [inputs[^1]];
        if (!Fails(finding, inputs)) return finding;

        inputs = Fewer(inputs, kept => Fails(finding, kept));
        if (inputs.Count <= MaxInputsToShrink)
        {
            var shrunk = inputs.ToList();
            for (var i = 0; i < shrunk.Count; i++)
            {
                bool StillFails(byte[] smaller) => Fails(finding, [.. shrunk[..i], smaller, .. shrunk[(i + 1)..]]);
                shrunk[i] = Plainer([.. Fewer(WithoutElements(finding.Target, shrunk[i], StillFails), kept => StillFails([.. kept]))], StillFails);
            }

            inputs = shrunk;
        }

        return new Finding(finding.Target, inputs, FailureOf(finding.Target, inputs) ?? finding.Failure);
    }

    /// <summary>Leaves out ever smaller runs.</summary>
    private static IReadOnlyList<T> Fewer<T>(IReadOnlyList<T> items, Predicate<IReadOnlyList<T>> fails)
    {
        for (var run = Math.Max(1, items.Count / 2); ; run /= 2)
        {
            for (var at = 0; at < items.Count && items.Count > 1;)
            {
                T[] without = [.. items.Take(at), .. items.Skip(at + run)];
                if (without.Length > 0 && fails(without)) items = without;
                else at += run;
            }

            if (run == 1) return items;
        }
    }

    /// <summary>Leaves out bencoded values, which loses less than leaving out bytes.</summary>
    private static byte[] WithoutElements(FuzzTarget target, byte[] input, Predicate<byte[]> fails)
    {
        if (!target.IsBencoded) return input;

        var elements = new List<Element>();
        Element.Scan(input, target.HeadLength, elements);
        for (var i = 0; i < elements.Count; i++)
        {
            var value = elements[i].IsKey ? elements.FindIndex(e => e.Start == elements[i].End) : -1;
            var end = value < 0 ? elements[i].End : elements[value].End;
            var without = Edit.Replace(input, elements[i].Start, end - elements[i].Start, []);
            if (!fails(without)) continue;

            input = without;
            Element.Scan(input, target.HeadLength, elements);
            i--;
        }

        return input;
    }

    private static byte[] Plainer(byte[] input, Predicate<byte[]> fails)
    {
        for (var i = 0; i < input.Length; i++)
        {
            if (input[i] is (byte)'0' or (byte)'a') continue;

            var plain = (byte[])input.Clone();
            plain[i] = (byte)'0';
            if (fails(plain)) input = plain;
        }

        return input;
    }

    private bool Fails(Finding finding, IReadOnlyList<byte[]> inputs) =>
        Stopwatch.GetElapsedTime(_begun) < patience && FailureOf(finding.Target, inputs) is { } failure && Finding.SignatureOf(failure) == finding.Signature;

    private static Exception? FailureOf(FuzzTarget target, IReadOnlyList<byte[]> inputs)
    {
        try
        {
            target.Replay(inputs);
            return null;
        }
        catch (Exception e)
        {
            return e;
        }
    }
}
