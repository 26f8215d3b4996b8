using System.Runtime.CompilerServices;

namespace Shoal.Fuzz;

/// <summary>The code under test did something that it must never do, short of throwing.</summary>
/// <param name="what">The same for each case of one fault, so that a minimised input still shows that one.</param>
internal sealed class Violation(string what, string detail = "") : Exception(detail.Length == 0 ? what : $"{what}: {detail}")
{
    public string What => what;

    public static void Unless(bool holds, string what)
    {
        if (!holds) throw new Violation(what);
    }

    public static void Unless(bool holds, string what, [InterpolatedStringHandlerArgument(nameof(holds))] DetailHandler detail)
    {
        if (!holds) throw new Violation(what, detail.ToString());
    }

    /// <summary>What the calling thread has allocated since <paramref name="before"/> is within a limit.</summary>
    public static void UnlessAllocatedWithin(long limit, long before)
    {
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        if (allocated > limit) throw new Violation("allocates too much", $"{allocated} bytes, limit {limit}");
    }

    /// <summary>Formats nothing while all is well.</summary>
    [InterpolatedStringHandler]
    public ref struct DetailHandler
    {
        private DefaultInterpolatedStringHandler _text;

        public DetailHandler(int literalLength, int formattedCount, bool holds, out bool isNeeded)
        {
            isNeeded = !holds;
            if (isNeeded) _text = new DefaultInterpolatedStringHandler(literalLength, formattedCount);
        }

        public void AppendLiteral(string text) => _text.AppendLiteral(text);

        public void AppendFormatted<T>(T value) => _text.AppendFormatted(value);

        public override string ToString() => _text.ToStringAndClear();
    }
}
