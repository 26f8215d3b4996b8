using Microsoft.Extensions.Logging;

namespace Shoal.Storage.Content;

internal static partial class Log
{
    [LoggerMessage(Level = LogLevel.Warning, Message = "{Kind}: {Text}")]
    public static partial void Warned(ILogger logger, StoreWarningKind kind, string text);

    [LoggerMessage(Level = LogLevel.Error, Message = "work of the store stopped")]
    public static partial void Stopped(ILogger logger, Exception reason);
}
