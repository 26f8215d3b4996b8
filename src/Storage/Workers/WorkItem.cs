namespace Shoal.Storage.Workers;

/// <summary>Something for a storage worker to do. <see cref="Run"/> hands every failure to whoever waits, and lets none out.</summary>
internal abstract class WorkItem
{
    public abstract void Run(WorkerScratch scratch);
}
