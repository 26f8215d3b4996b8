using Shoal.Core;
using Shoal.Storage.Catalogues;
using Shoal.Storage.Disk;

namespace Shoal.Storage.Records;

/// <summary>
/// Opens the catalogue, and finds out whether it is what it was: damaged or gone it is made anew from the records, with its newest entries lost they are entered
/// again. What was damaged is moved aside and kept.
/// </summary>
internal sealed class StoreOpening(StoreOptions options, IDisk disk, TimeProvider clock, StoreMark mark, RecordFolder records, Action<StoreException> failed)
{
    private readonly string _path = Path.Join(options.Path, "catalogue.db");

    /// <summary>What an operator should know; null for nothing.</summary>
    public StoreWarning? Finding { get; private set; }

    /// <summary>Torrents without a record.</summary>
    public IReadOnlyList<InfoHash> Unrecorded { get; private set; } = [];

    /// <exception cref="StoreException">Newer, unwritable, or damaged and without records.</exception>
    public Catalogue Run()
    {
        List<InfoHash> ids;
        try
        {
            ids = records.List();
        }
        catch (Exception e) when (DiskErrors.IsDisk(e))
        {
            throw DiskErrors.Reading(e, records.Path);
        }

        mark.Read();
        if (ids.Count == 0) return Begin(ids, null);

        if (mark.FoundDamage || CatalogueFile.LengthOf(_path) == 0) return Renew(ids, CatalogueFile.LengthOf(_path) == 0 ? "was gone" : "was damaged");

        try
        {
            return Begin(ids, mark.Died && !CatalogueFile.HasLog(_path) ? "its log was gone" : null);
        }
        catch (StoreException e) when (e.Code == StoreErrorCode.Damaged)
        {
            return Renew(ids, "was damaged");
        }
    }

    private Catalogue Renew(List<InfoHash> ids, string what)
    {
        var aside = CatalogueFile.MoveAside(_path);
        var catalogue = Open((opened, writer) =>
        {
            var reentry = new Reentry(disk, records, opened, writer);
            var entered = reentry.Run(ids, compares: false);
            var kept = aside is null ? "" : $" What was there is kept as {aside}.";
            Find($"the catalogue {_path} {what}, and was made anew from {records.Path} with {Copies(entered)}; each is proven before it is served.{Unreadable(reentry)}{kept}");
        });
        return catalogue;
    }

    private Catalogue Begin(List<InfoHash> ids, string? lost) => Open((opened, writer) =>
    {
        var known = opened.Records.Ids();
        Unrecorded = [.. known.Except(ids)];
        var reentry = new Reentry(disk, records, opened, writer);
        var entered = reentry.Run(ids, compares: lost is not null || (mark.Died && !mark.IsOfThisBoot));
        if (entered == 0 && lost is null) return;

        writer.DoubtAll();
        Find($"the newest entries of the catalogue {_path} were lost ({lost ?? "they were not in it"}): {Copies(entered)} entered again from {records.Path}, and everything is proven before it is served.{Unreadable(reentry)}");
    });

    private Catalogue Open(Action<Catalogue, CatalogueWriter> prepare) => new(_path, options.CommitInterval, clock, mark.Died, failed, prepare);

    private void Find(string message) => Finding = new StoreWarning(StoreWarningKind.CatalogueRestored, _path, null, message);

    private static string Copies(int count) => count == 1 ? "1 torrent" : $"{count} torrents";

    private static string Unreadable(Reentry reentry) => reentry.Unreadable == 0 ? "" : $" {Copies(reentry.Unreadable)} could not be read there: share or get them again.";
}
