using System.Globalization;

namespace Shoal.DhtLoad;

/// <summary>One run.</summary>
/// <param name="Rate">Answers a second.</param>
/// <param name="Answered">Percent of what was sent.</param>
/// <param name="Cpu">The node's seconds of processor time for 100,000 queries.</param>
/// <param name="Allocated">The node's managed bytes for a query.</param>
/// <param name="Dropped">Datagrams that found the node's mailbox full.</param>
/// <param name="Refused">Queries above what a source may ask.</param>
internal sealed record Figures(double Rate, double Answered, double Cpu, double Allocated, double Dropped, double Refused)
{
    /// <summary>Each figure on its own, picked from its values in rising order.</summary>
    public static Figures Pick(List<Figures> runs, Func<double[], double> pick)
    {
        double Of(Func<Figures, double> figure) => pick([.. runs.Select(figure).Order()]);
        return new Figures(Of(r => r.Rate), Of(r => r.Answered), Of(r => r.Cpu), Of(r => r.Allocated), Of(r => r.Dropped), Of(r => r.Refused));
    }

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Rate,12:0}{Answered,11:0.00}%{Cpu,16:0.000}{Allocated,14:0.0}{Dropped,10:0}{Refused,10:0}");
}
