using Shoal.Storage.Catalogues;

namespace Shoal.Storage.Sharing;

/// <summary>Hashes on their way into the catalogue, so that a share that is interrupted goes on where it was.</summary>
internal sealed class HashedBuffer(Catalogue catalogue) : ICommitSource
{
    private readonly Lock _lock = new();
    private List<HashedRow> _rows = [];
    private List<HashedRow> _saving = [];

    public void Add(HashedRow row)
    {
        lock (_lock) _rows.Add(row);
        catalogue.Touch(this);
    }

    public void Save(CatalogueWriter writer)
    {
        lock (_lock) (_saving, _rows) = (_rows, []);
        foreach (var row in _saving) writer.SetHashed(row);
    }

    public void Saved(bool committed)
    {
        if (committed) return;

        lock (_lock) _rows.InsertRange(0, _saving);
    }
}
