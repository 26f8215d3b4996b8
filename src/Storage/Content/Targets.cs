namespace Shoal.Storage.Content;

internal static class Targets
{
    public static StoreException OtherContent(string path) => new(
        StoreErrorCode.TargetHoldsOtherContent, $"{path} already holds something else: choose another folder, move it away, or use --overwrite to replace it", path);

    public static StoreException InTheWay(string path) => new(
        StoreErrorCode.TargetHoldsOtherContent, $"{path} is in the way and is not replaced: choose another folder, or move it away", path);
}
