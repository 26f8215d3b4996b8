using Shoal.DhtLoad;

if (args is ["node"]) return await NodeSide.RunAsync();
if (Settings.TryRead(args, out var settings)) return Measurement.Run(settings);

Console.Error.WriteLine(Settings.Usage);
return 2;
