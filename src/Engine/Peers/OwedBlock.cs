using Shoal.Core.Geometry;

namespace Shoal.Engine.Peers;

/// <summary>A block a peer was asked for, when, and whether it owed nothing before it.</summary>
internal readonly record struct OwedBlock(PieceIndex Piece, BlockIndex Block, TimeSpan AskedAt, bool WasFirst);
