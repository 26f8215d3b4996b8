using System.Globalization;
using Microsoft.Extensions.Logging;

namespace Shoal.Cli.Output;

/// <summary>The rooms' logs on standard error, a line each: what no event tells, everything with <c>--verbose</c>.</summary>
internal sealed class ScreenLogging(Screen screen, LogLevel level) : ILoggerFactory
{
    public ILogger CreateLogger(string categoryName) => new Lines(screen, level, categoryName);

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException("logs go to the screen");

    public void Dispose()
    {
        // nothing is held
    }

    private sealed class Lines(Screen screen, LogLevel level, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= level && logLevel != LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (!IsEnabled(logLevel)) return;

            var cause = exception is null ? "" : level <= LogLevel.Debug ? $": {exception}" : $": {exception.Message}";
            screen.Error.Write(string.Create(CultureInfo.InvariantCulture, $"shoal: {logLevel.ToString().ToLowerInvariant()}: {category}: {Safe.Text(formatter(state, exception) + cause)}\n"));
        }
    }
}
