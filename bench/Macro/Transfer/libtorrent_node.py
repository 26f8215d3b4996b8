"""One libtorrent session in a process of its own: seed|leech TORRENT FOLDER ADDRESS tuned|plain|shipped [RATE].

RATE is of each direction, bytes a second. Says {"event": "ready"}; then a line `connect ADDRESS...` on its standard input begins a download, which ends with
{"event": "done", "connected": S} (seconds until the first peer was connected: libtorrent does that on a tick of 500 ms).
"""

import json
import sys
import time

import libtorrent as lt

PORT = 9700
PLAIN = {"enable_outgoing_utp": False, "enable_incoming_utp": False, "in_enc_policy": 2, "out_enc_policy": 2, "allowed_enc_level": 1}
TUNED = PLAIN | {  # for two cores and few fast peers
    "aio_threads": 2, "hashing_threads": 2, "max_out_request_queue": 2000, "max_allowed_in_request_queue": 4000, "request_queue_time": 10,
    "send_buffer_watermark": 8 << 20, "send_buffer_low_watermark": 1 << 20, "send_buffer_watermark_factor": 200, "max_queued_disk_bytes": 64 << 20,
    "unchoke_slots_limit": -1, "no_atime_storage": True,
}


def say(**event):
    print(json.dumps(event), flush=True)


def main():
    role, torrent, folder, address, preset, *rate = sys.argv[1:]
    session = lt.session({
        "listen_interfaces": f"{address}:{PORT}", "outgoing_interfaces": address, "allow_multiple_connections_per_ip": True,
        "enable_dht": False, "enable_lsd": False, "enable_upnp": False, "enable_natpmp": False,
        "alert_mask": int(lt.alert.category_t.status_notification | lt.alert.category_t.connect_notification),
    } | {"tuned": TUNED, "plain": PLAIN, "shipped": {}}[preset])
    parameters = lt.add_torrent_params()
    parameters.ti = lt.torrent_info(torrent)
    parameters.save_path = folder
    # Not managed by a queue: that starts a torrent on a later tick, and until then a seed turns peers away for a minute.
    parameters.flags = lt.torrent_flags.seed_mode if role == "seed" else lt.torrent_flags.update_subscribe
    handle = session.add_torrent(parameters)
    for limit in rate:  # the session's own does not count local peers
        handle.set_upload_limit(int(limit))
        handle.set_download_limit(int(limit))
    states = lt.torrent_status.states
    while handle.status().state not in (states.seeding, states.downloading) or not session.is_listening():
        time.sleep(0.01)
    say(event="ready")

    peers = sys.stdin.readline().split()[1:]
    if role == "leech":
        start = time.perf_counter()
        connected = None
        for peer in peers:
            handle.connect_peer((peer, PORT))
        while not handle.status().is_seeding:
            if time.perf_counter() - start > 600:
                sys.exit("not done in ten minutes")
            session.wait_for_alert(20)
            if any(isinstance(alert, lt.peer_connect_alert) for alert in session.pop_alerts()) and connected is None:
                connected = time.perf_counter() - start
        say(event="done", connected=connected)
    sys.stdin.read()


main()
