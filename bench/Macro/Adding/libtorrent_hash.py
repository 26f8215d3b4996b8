"""libtorrent's own hashing of a file into a torrent of v2: PATH PIECE-LENGTH. Its threads for hashing are as many as there are cores."""

import os
import sys
import time

import libtorrent as lt

path, piece = sys.argv[1], int(sys.argv[2])
begun = time.perf_counter()
storage = lt.file_storage()
lt.add_files(storage, path)
torrent = lt.create_torrent(storage, piece_size=piece, flags=lt.create_torrent.v2_only)
lt.set_piece_hashes(torrent, os.path.dirname(path))
lt.bencode(torrent.generate())
print(time.perf_counter() - begun, flush=True)
sys.stdin.read()
