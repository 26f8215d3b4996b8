using System.Diagnostics;
using Shoal.Cli;
using Shoal.Cli.Hosting;
using Shoal.Cli.Output;

#pragma warning disable RS0030 // the clock of the program comes from here
var clock = TimeProvider.System;
#pragma warning restore RS0030
var start = clock.GetTimestamp();
var before = TimeSpan.Zero; // what passed before the first line here ran
using (var self = Process.GetCurrentProcess())
{
    var since = clock.GetUtcNow() - self.StartTime.ToUniversalTime();
    if (since > TimeSpan.Zero && since < TimeSpan.FromSeconds(10)) before = since;
}

var screen = Screen.OfProcess(Environment.GetEnvironmentVariable);
using var stop = new StopSignal();
stop.Attach(screen.Restore);
try
{
    var shell = new Shell(screen, stop, clock, Environment.CurrentDirectory, Environment.GetEnvironmentVariable)
    {
        Age = () => before + clock.GetElapsedTime(start),
        Door = (options, settled) => new NodeDoor(options, settled),
    };
    return await new App(shell).RunAsync(args);
}
catch (Exception e)
{
    screen.Error.Write($"shoal: Something unexpected went wrong: {Safe.Text(e.Message)}\n");
    return 1;
}
