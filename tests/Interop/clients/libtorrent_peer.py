"""libtorrent as a peer on loopback: plain TCP, no discovery of its own unless asked for."""

import os
import urllib.parse

from harness import Failed, Skipped, expect

try:
    import libtorrent as lt
except ImportError as error:
    lt, why_not = None, str(error)


def needed():
    if lt is None:
        raise Skipped(f"no libtorrent for this python ({why_not}); Debian: apt install python3-libtorrent")
    return f"libtorrent {lt.__version__}"


def make_torrent(content, path, piece_length=0, version="v2", trackers=()):
    """A .torrent of a file or folder, as libtorrent writes it, of v1, v2 or hybrid; returns (infohash, magnet link)."""
    storage = lt.file_storage()
    lt.add_files(storage, content)
    flags = {"v1": lt.create_torrent.v1_only, "v2": lt.create_torrent.v2_only, "hybrid": 0}
    creator = lt.create_torrent(storage, piece_length, flags[version])
    for url in trackers:
        creator.add_tracker(url)
    lt.set_piece_hashes(creator, os.path.dirname(content))
    with open(path, "wb") as file:
        file.write(lt.bencode(creator.generate()))
    hashes = lt.torrent_info(path).info_hashes()
    topics = [f"xt=urn:btmh:1220{hashes.v2}"] if hashes.has_v2() else []
    topics += [f"xt=urn:btih:{hashes.v1}"] if hashes.has_v1() else []
    infohash = str(hashes.v2 if hashes.has_v2() else hashes.v1)
    return infohash, f"magnet:?{'&'.join(topics)}&dn={os.path.basename(content)}" + "".join(f"&tr={urllib.parse.quote(url, safe='')}" for url in trackers)


# What libtorrent's three settings are called here: incoming, outgoing, and what it takes after the handshake.
ENCRYPTION = {
    "off": {"in_enc_policy": 2, "out_enc_policy": 2, "allowed_enc_level": 1},
    # Tries the other way when the first was turned away, as shipped a minute later.
    "as shipped": {"in_enc_policy": 1, "out_enc_policy": 1, "allowed_enc_level": 3, "min_reconnect_time": 1},
    "forced": {"in_enc_policy": 0, "out_enc_policy": 0, "allowed_enc_level": 2},
    "forced, plaintext after the handshake": {"in_enc_policy": 0, "out_enc_policy": 0, "allowed_enc_level": 1},
}


class Peer:
    """One session with one torrent."""

    def __init__(self, check, dht=False, lsd=False, address=None, encryption="off", **settings):
        """`settings` are further ones, by libtorrent's names."""
        self.check = check
        self.address = address or check.address()
        port = check.port()
        self.endpoint = f"{self.address}:{port}"
        self.session = lt.session({
            "listen_interfaces": self.endpoint,
            # Without it all outgoing connections come from 127.0.0.1, and several look like one.
            "outgoing_interfaces": self.address,
            "enable_dht": dht, "enable_lsd": lsd, "enable_upnp": False, "enable_natpmp": False,
            "dht_bootstrap_nodes": "", "dht_restrict_routing_ips": False, "dht_restrict_search_ips": False,
            # As shipped it prefers uTP, and closes what it takes for a second connection of one host.
            "enable_outgoing_utp": False, "enable_incoming_utp": False, "allow_multiple_connections_per_ip": True,
            **ENCRYPTION[encryption],
            **settings,
            "alert_mask": lt.alert.category_t.error_notification | lt.alert.category_t.status_notification,
        })
        self.torrent = None
        self.alerts = []
        check.on_close(self.close)

    def seed(self, torrent_file, folder, upload_limit=0):
        parameters = lt.add_torrent_params()
        parameters.ti = lt.torrent_info(torrent_file)
        self._add(parameters, folder)
        if upload_limit:
            # The session's own limit does not count local peers.
            self.torrent.set_upload_limit(upload_limit)
        self.check.until(20, "libtorrent seeds", lambda: self._status().is_seeding)
        return self

    def download(self, link_or_file, folder, peer=None):
        if link_or_file.startswith("magnet:"):
            parameters = lt.parse_magnet_uri(link_or_file)
        else:
            parameters = lt.add_torrent_params()
            parameters.ti = lt.torrent_info(link_or_file)
        self._add(parameters, folder)
        if peer:
            self.connect(peer)
        return self

    def connect(self, endpoint):
        host, _, port = endpoint.rpartition(":")
        self.torrent.connect_peer((host, int(port)))

    def finishes(self, seconds=30):
        try:
            self.check.until(seconds, "libtorrent has all of it", lambda: self._status().is_seeding)
        except Failed as error:
            raise Failed(f"{error}; {self.said()}") from None
        return self

    @property
    def uploaded(self):
        return self._status().total_payload_upload

    @property
    def downloaded(self):
        return self._status().total_payload_download

    def said(self):
        status = self._status()
        return f"libtorrent: {status.state}, {status.progress:.0%}, {status.num_peers} peers, {status.total_payload_download} bytes down, {status.total_payload_upload} up; {self.alerts[-8:]}"

    def join(self, endpoint):
        host, _, port = endpoint.rpartition(":")
        self.session.add_dht_node((host, int(port)))

    def _add(self, parameters, folder):
        os.makedirs(folder, exist_ok=True)
        parameters.save_path = folder
        parameters.flags &= ~(lt.torrent_flags.auto_managed | lt.torrent_flags.paused)
        self.torrent = self.session.add_torrent(parameters)

    def _status(self):
        self.alerts += [alert.message() for alert in self.session.pop_alerts()]
        status = self.torrent.status()
        expect(status.errc.value() == 0, f"libtorrent: {status.errc.message()}")
        return status

    def close(self):
        if self.session is not None:
            self.session.pause()
            self.torrent = self.session = None
