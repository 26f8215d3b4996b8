"""Reads a file once, in pieces, with a thread for each core: PATH PIECE-LENGTH."""

import os
import sys
import threading
import time

path, piece = sys.argv[1], int(sys.argv[2])
file, cores = os.open(path, os.O_RDONLY), os.cpu_count()
pieces = -(-os.path.getsize(path) // piece)


def read(first):
    buffer = [bytearray(piece)]
    for i in range(first, pieces, cores):
        os.preadv(file, buffer, i * piece)  # without the interpreter's lock


begun = time.perf_counter()
threads = [threading.Thread(target=read, args=(i,)) for i in range(cores)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(time.perf_counter() - begun, flush=True)
sys.stdin.read()
