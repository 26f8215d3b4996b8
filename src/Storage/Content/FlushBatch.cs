using Shoal.Core;

namespace Shoal.Storage.Content;

/// <param name="Files">Those that were written to.</param>
/// <param name="Present">The pieces that were there when the flush began; only those become durable by it.</param>
/// <param name="Names">Whether files were moved since the last flush.</param>
internal sealed record FlushBatch(HashSet<int> Files, Bitfield Present, bool Names);
