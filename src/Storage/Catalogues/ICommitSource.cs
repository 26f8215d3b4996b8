namespace Shoal.Storage.Catalogues;

/// <summary>Something whose state goes into the catalogue with the next transaction.</summary>
internal interface ICommitSource
{
    /// <summary>Writes the state as it is now. On the writer thread.</summary>
    void Save(CatalogueWriter writer);

    /// <summary>The transaction ended. If it failed, the state is saved again with a later one.</summary>
    void Saved(bool committed);
}
