#!/usr/bin/python3
"""A hostile SSH client: hostile-ssh.py PORT KEY ATTACK. Exits 0 if the server withstood the attack.

It speaks just enough (curve25519, Ed25519, AES-256-GCM) to send any wrong message at any stage.
Each connection comes from its own address, 127.0.X.Y by name and turn, so that a penalty hits one
connection only."""
import hashlib
import os
import random
import select
import socket
import struct
import sys
import time
import zlib

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

RAW = serialization.Encoding.Raw, serialization.PublicFormat.Raw
DISCONNECT, IGNORE, UNIMPLEMENTED, DEBUG, SERVICE_REQUEST, SERVICE_ACCEPT = 1, 2, 3, 4, 5, 6
KEXINIT, NEWKEYS, KEX_INIT, KEX_REPLY = 20, 21, 30, 31
AUTH, AUTH_FAILURE, AUTH_SUCCESS, AUTH_PK_OK, GLOBAL, GLOBAL_FAILURE = 50, 51, 52, 60, 80, 82
OPEN, OPEN_OK, OPEN_FAILURE, ADJUST, DATA, EXTENDED, EOF, CLOSE = 90, 91, 92, 93, 94, 95, 96, 97
REQUEST, REQUEST_OK, REQUEST_FAILURE = 98, 99, 100
GONE = -1


def u32(n):
    return struct.pack(">I", n)


def text(s):
    s = s.encode() if isinstance(s, str) else s
    return u32(len(s)) + s


TERMINAL = text("xterm") + u32(80) * 4 + text("")
# Of the door's library, by t/4330-door-hostile.t.
LIBSSH = tuple(int(n) for n in os.environ.get("LIBSSH", "0.10").split(".")[:2])


def mpint(raw):
    raw = raw.lstrip(b"\0")
    return text(b"\0" + raw if raw and raw[0] & 0x80 else raw)


def key_of(path):
    with open(path, "rb") as f:
        return serialization.load_ssh_private_key(f.read(), None)


def packet(line):
    """Returns a pkt-line of git."""
    return b"%04x" % (len(line) + 4) + line


def whole(said):
    """Returns True if these are packets of git up to the first flush packet and no more."""
    at = 0
    while len(said) >= at + 4:
        length = int(said[at:at + 4], 16)
        at += length or 4
        if length == 0:
            return at == len(said)
    return False


def clone_of(refs):
    want = packet(b"want " + refs[4:44] + b" side-band-64k ofs-delta\n")
    return want + b"0000" + packet(b"done\n")


def push_of(name, text_of_commit):
    """Returns a push of one commit without files, as a new branch."""
    def id_of(kind, data):
        return hashlib.sha1(b"%s %d\0" % (kind, len(data)) + data).hexdigest().encode()

    def entry(number, data):
        return bytes([number << 4 | len(data) & 15 | 128, len(data) >> 4]) + zlib.compress(data)

    commit = (b"tree %s\nauthor A <a@x> 1700000000 +0000\n"
              b"committer A <a@x> 1700000000 +0000\n\n%s\n"
              % (id_of(b"tree", b""), text_of_commit))
    pack = b"PACK" + u32(2) + u32(2) + entry(1, commit) + entry(2, b"")
    command = b"0" * 40 + b" " + id_of(b"commit", commit) + b" refs/heads/" + name
    return packet(command + b"\0report-status") + b"0000" + pack + hashlib.sha1(pack).digest()


class Client:
    made = 0

    def __init__(self, port, name):
        self.sock = socket.socket()
        self.sock.settimeout(60)
        digest = hashlib.sha256(b"%s %d" % (name.encode(), Client.made)).digest()
        Client.made += 1
        self.sock.bind(("127.0.%d.%d" % (digest[0] % 250 + 1, digest[1] % 250 + 1), 0))
        self.sock.connect(("127.0.0.1", port))
        self.out = self.inn = None
        self.buffer = b""

    # bytes
    def take(self, n):
        while len(self.buffer) < n:
            more = self.sock.recv(65536)
            if not more:
                raise EOFError
            self.buffer += more
        data, self.buffer = self.buffer[:n], self.buffer[n:]
        return data

    def raw(self, data):
        self.sock.sendall(data)

    def gone(self, seconds=20):
        """Reads until the server closes. Returns False if it does not."""
        self.sock.settimeout(seconds)
        try:
            while self.sock.recv(65536):
                pass
        except socket.timeout:
            return False
        except OSError:
            pass
        return True

    # packets
    def send(self, payload, length=None):
        block = 16 if self.out else 8
        pad = block - (1 + len(payload) + (0 if self.out else 4)) % block
        pad += block if pad < 4 else 0
        body = bytes([pad]) + payload + b"\0" * pad
        head = u32(len(body) if length is None else length)
        if self.out:
            key, iv, n = self.out
            self.raw(head + AESGCM(key).encrypt(iv[:4] + struct.pack(">Q", n), body, head))
            self.out = key, iv, (n + 1) % 2**64
        else:
            self.raw(head + body)

    def receive(self):
        head = self.take(4)
        length = struct.unpack(">I", head)[0]
        if self.inn:
            key, iv, n = self.inn
            body = AESGCM(key).decrypt(iv[:4] + struct.pack(">Q", n), self.take(length + 16), head)
            self.inn = key, iv, (n + 1) % 2**64
        else:
            body = self.take(length)
        return body[1:len(body) - body[0]]

    def answer(self, *of):
        """Returns the next packet of these kinds as (kind, payload).

        Returns (GONE, b"") if the server closes first."""
        try:
            while True:
                payload = self.receive()
                if payload[0] == DISCONNECT:
                    return GONE, payload
                if payload[0] in of:
                    return payload[0], payload
        except (EOFError, ConnectionError, InvalidTag):
            return GONE, b""

    # the correct protocol
    def banner(self, mine=b"SSH-2.0-hostile"):
        self.mine = mine
        self.raw(mine + b"\r\n")
        line = b""
        while not line.endswith(b"\n"):
            line += self.take(1)
        self.theirs = line.rstrip(b"\r\n")

    def offer(self, strict=True):
        kex = "curve25519-sha256" + (",kex-strict-c-v00@openssh.com" if strict else "")
        lists = [kex, "ssh-ed25519", "aes256-gcm@openssh.com", "aes256-gcm@openssh.com",
                 "hmac-sha2-256-etm@openssh.com", "hmac-sha2-256-etm@openssh.com", "none", "none",
                 "", ""]
        return bytes([KEXINIT]) + os.urandom(16) + b"".join(map(text, lists)) + b"\0" + u32(0)

    def exchange(self, before_init=None, strict=True):
        mine = self.offer(strict)
        self.send(mine)
        theirs = self.receive()
        assert theirs[0] == KEXINIT
        if before_init:
            self.send(before_init)
        secret = X25519PrivateKey.generate()
        q_c = secret.public_key().public_bytes(*RAW)
        self.send(bytes([KEX_INIT]) + text(q_c))
        kind, reply = self.answer(KEX_REPLY)
        if kind == GONE:
            return False
        at, fields = 1, []
        for _ in range(3):
            n = struct.unpack(">I", reply[at:at + 4])[0]
            fields.append(reply[at + 4:at + 4 + n])
            at += 4 + n
        host_key, q_s, _ = fields
        shared = mpint(secret.exchange(X25519PublicKey.from_public_bytes(q_s)))
        h = hashlib.sha256(text(self.mine) + text(self.theirs) + text(mine) + text(theirs) +
                           text(host_key) + text(q_c) + text(q_s) + shared).digest()
        self.id = h

        def derive(letter):
            return hashlib.sha256(shared + h + letter + h).digest()

        def counter(iv):
            return iv[:4], struct.unpack(">Q", iv[4:12])[0]

        try:
            self.send(bytes([NEWKEYS]))
            while self.receive()[0] != NEWKEYS:
                pass
        except (EOFError, ConnectionError):
            return False
        iv, n = counter(derive(b"A"))
        self.out = derive(b"C"), iv, n
        iv, n = counter(derive(b"B"))
        self.inn = derive(b"D"), iv, n
        return True

    def service(self):
        self.send(bytes([SERVICE_REQUEST]) + text("ssh-userauth"))
        return self.answer(SERVICE_ACCEPT)[0] == SERVICE_ACCEPT

    def login(self, key, signer=None, wait=True):
        blob = text("ssh-ed25519") + text(key.public_key().public_bytes(*RAW))
        body = bytes([AUTH]) + text("git") + text("ssh-connection") + text("publickey")
        body += b"\1" + text("ssh-ed25519") + text(blob)
        signature = (signer or key).sign(text(self.id) + body)
        self.send(body + text(text("ssh-ed25519") + text(signature)))
        return not wait or self.answer(AUTH_SUCCESS, AUTH_FAILURE)[0] == AUTH_SUCCESS

    def channel(self, number=0, window=1 << 21, packet=32768):
        self.send(bytes([OPEN]) + text("session") + u32(number) + u32(window) + u32(packet))
        kind, payload = self.answer(OPEN_OK, OPEN_FAILURE)
        return struct.unpack(">I", payload[5:9])[0] if kind == OPEN_OK else None

    def data(self, channel, data):
        self.send(bytes([DATA]) + u32(channel) + text(data))

    def told(self, channel=None, window=None):
        """Returns all output of git. window: bytes that git had, given back as it uses them."""
        said = b""
        while not whole(said):
            kind, payload = self.answer(DATA)
            assert kind == DATA and (not window or len(payload) <= 9 + window)
            said += payload[9:]
            if window:
                self.send(bytes([ADJUST]) + u32(channel) + u32(len(payload) - 9))
        return said

    def request(self, channel, name, rest=b"", want=True):
        self.send(bytes([REQUEST]) + u32(channel) + text(name) + bytes([want]) + rest)
        return self.answer(REQUEST_OK, REQUEST_FAILURE)[0] if want else None

    def status(self, number=0):
        """Returns the exit status of the command on our channel of that number, or None."""
        while True:
            kind, payload = self.answer(REQUEST, CLOSE)
            if kind == GONE:
                return None
            if payload[1:5] != u32(number):
                continue
            if kind == CLOSE:
                return None
            if b"exit-status" in payload[:24]:
                return struct.unpack(">I", payload[-4:])[0]


class Attack:
    """One method per attack. It asserts how the server must behave."""

    def __init__(self, port, key, name):
        self.port, self.key, self.name = port, key, name

    def client(self):
        return Client(self.port, self.name)

    def ready(self):
        c = self.client()
        c.banner()
        assert c.exchange() and c.service()
        return c

    def inside(self):
        c = self.ready()
        assert c.login(key_of(self.key))
        return c

    # before the login
    def not_ssh(self):
        for noise in (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"SSH-1.5-old\r\n",
                      b"SSH-2.0\r\n" + b"\0" * 64):
            c = self.client()
            c.raw(noise)
            assert c.gone()

    def endless_banner(self):
        c = self.client()
        try:
            for _ in range(64):
                c.raw(b"x" * 4096)
        except OSError:
            pass
        assert c.gone()

    def packet_lengths(self):
        for length in 0, 1, 4, 11, 0x7fffffff, 0x80000000, 0xffffffff:
            c = self.client()
            c.banner()
            c.raw(u32(length) + b"\0" * 64)
            c.sock.shutdown(socket.SHUT_WR)
            assert c.gone(), length

    def kexinit_cut(self):
        for cut in 1, 10, 17, 20, 60:
            c = self.client()
            c.banner()
            c.send(c.offer()[:cut])
            c.sock.shutdown(socket.SHUT_WR)
            assert c.gone(), cut

    def messages_before_keys(self):
        """CVE-2018-10933 and its like, in the clear."""
        for kind in AUTH_SUCCESS, AUTH, OPEN, DATA, REQUEST, SERVICE_ACCEPT, KEX_REPLY, NEWKEYS:
            c = self.client()
            c.banner()
            c.send(bytes([kind]) + text("git") + text("ssh-connection") + text("none"))
            c.sock.shutdown(socket.SHUT_WR)
            assert c.gone(), kind

    def terrapin(self):
        """CVE-2023-48795: no message may come between those of a strict key exchange."""
        for extra in (bytes([IGNORE]) + text("x"), bytes([DEBUG]) + b"\0" + text("x") + text(""),
                      bytes([UNIMPLEMENTED]) + u32(0)):
            c = self.client()
            c.banner()
            try:
                assert not (c.exchange(before_init=extra) and c.service()), extra[0]
            except ConnectionError:
                pass

    def says_success_itself(self):
        """CVE-2018-10933."""
        c = self.ready()
        c.send(bytes([AUTH_SUCCESS]))
        try:
            assert c.channel() is None
        except ConnectionError:
            pass

    def channel_before_login(self):
        c = self.ready()
        for payload in (bytes([DATA]) + u32(0) + text("x"),
                        bytes([REQUEST]) + u32(0) + text("exec") + b"\1" + text("queue"),
                        bytes([GLOBAL]) + text("tcpip-forward") + b"\1" + text("") + u32(0)):
            try:
                c.send(payload)
            except OSError:
                return
        try:
            assert c.channel() is None
        except ConnectionError:
            pass

    def other_methods(self):
        c = self.ready()
        head = bytes([AUTH]) + text("git") + text("ssh-connection")
        for rest in (text("none"), text("password") + b"\0" + text("secret"),
                     text("keyboard-interactive") + text("") + text(""),
                     text("gssapi-with-mic") + u32(1) +
                     text(b"\x06\x09\x2a\x86\x48\x86\xf7\x12\x01\x02\x02"),
                     text("hostbased") + text("ssh-ed25519") + text("")):
            c.send(head + rest)
            kind, payload = c.answer(AUTH_SUCCESS, AUTH_FAILURE)
            assert kind == AUTH_FAILURE and payload[5:14] == b"publickey", rest

    def signature_of_another(self):
        c = self.ready()
        assert c.login(key_of(self.key), signer=Ed25519PrivateKey.generate(), wait=False)
        c.sock.shutdown(socket.SHUT_WR)
        assert c.gone()

    def offers_without_end(self):
        c = self.ready()
        try:
            for _ in range(40):
                key = Ed25519PrivateKey.generate()
                blob = text("ssh-ed25519") + text(key.public_key().public_bytes(*RAW))
                c.send(bytes([AUTH]) + text("git") + text("ssh-connection") + text("publickey") +
                       b"\0" + text("ssh-ed25519") + text(blob))
                if c.answer(AUTH_FAILURE, AUTH_PK_OK)[0] == GONE:
                    return
        except OSError:
            return
        raise AssertionError("forty keys were listened to")

    # after the login
    def long_commands(self):
        for length, codes in (4095, (64,)), (4096, (64,)), (100000, (64,)), (1 << 20, (None,)):
            c = self.inside()
            channel = c.channel()
            try:
                c.request(channel, "exec", text("x" * length), want=False)
                assert c.status() in codes, length
            except OSError:
                assert codes == (None,)

    def odd_channels(self):
        c = self.inside()
        # CVE-2026-59843; the server may be silent
        c.send(bytes([OPEN]) + text("session") + u32(5) + u32(0) + u32(0))
        assert c.channel(number=1) is not None
        for packet in 1, 9, 10, 11, 0xffffffff:  # with 10 libssh 0.10 sends empty packets for ever
            c = self.inside()
            channel = c.channel(packet=packet)
            if channel is not None:
                assert c.request(channel, "exec", text("nonsense")) == REQUEST_OK, packet
                assert c.status() in (64, None), packet

    def empty_packets(self):
        """With packets of ten bytes, libssh 0.10 sends empty packets forever.

        The server must cut off a client that goes on reading them."""
        c = self.inside()
        channel = c.channel(window=0xffffffff, packet=10)
        if channel is not None:
            c.request(channel, "exec", text("git-upload-pack 'big'"), want=False)
            assert c.gone(60) or LIBSSH >= (0, 11)

    def packet_lengths_inside(self):
        for length in 0, 1, 4, 15, 17, 0x7ffffff0, 0x80000000, 0xffffffff:
            c = self.inside()
            c.send(bytes([IGNORE]) + text("x"), length=length)
            c.sock.shutdown(socket.SHUT_WR)
            assert c.gone(), length

    def too_many_channels(self):
        c = self.inside()
        opened = [c.channel(number=i) for i in range(20)]
        assert opened[0] is not None and opened[-1] is None
        assert len([o for o in opened if o is not None]) <= 10
        assert c.request(opened[0], "exec", text("queue")) == REQUEST_OK

    def one_command_a_channel(self):
        c = self.inside()
        channel = c.channel()
        assert c.request(channel, "exec", text("git-upload-pack 'one'")) == REQUEST_OK
        assert c.request(channel, "exec", text("queue")) == REQUEST_FAILURE
        assert c.request(channel, "shell") == REQUEST_FAILURE
        version = text("GIT_PROTOCOL") + text("version=2")
        assert c.request(channel, "env", version) == REQUEST_FAILURE
        assert c.request(channel, "pty-req", TERMINAL) == REQUEST_FAILURE

    def terminal(self):
        """A terminal of strange sizes; then keys without end, for a command that reads none."""
        c = self.inside()
        for number, size in enumerate((0, 1, 0xffffffff)):
            channel = c.channel(number=number)
            asked = text("x" * 1000) + u32(size) * 4 + text("\1" * 100)
            assert c.request(channel, "pty-req", asked) == REQUEST_OK
            assert c.request(channel, "exec", text("nonsense")) == REQUEST_OK
            assert c.status(number) == 64
        channel = c.channel(number=7)
        c.send(bytes([DATA]) + u32(channel) + text("\3"))
        assert c.request(channel, "pty-req", TERMINAL) == REQUEST_OK
        assert c.request(channel, "exec", text("events -f")) == REQUEST_OK
        for _ in range(20):
            c.send(bytes([DATA]) + u32(channel) + text("key" * 300))
        c.send(bytes([DATA]) + u32(channel) + text("\3" * 1000))
        c.status(7)

    def requests(self):
        c = self.inside()
        channel = c.channel()
        assert c.request(channel, "pty-req", TERMINAL) == REQUEST_OK
        for name, rest in (("x11-req", b"\0" + text("a") + text("b") + u32(0)),
                           ("auth-agent-req@openssh.com", b""), ("subsystem", text("sftp")),
                           ("nonsense", b""), ("env", text("LD_PRELOAD") + text("/x")),
                           ("env", text("GIT_PROTOCOL") + text("version=2;id")),
                           ("env", text("GIT_PROTOCOL") + text("v" * 100))):
            assert c.request(channel, name, rest) == REQUEST_FAILURE, name
        assert c.request(channel, "env", text("GIT_PROTOCOL") + text("version=2")) == REQUEST_OK
        for kind in ("direct-tcpip", "direct-streamlocal@openssh.com", "x11",
                     "auth-agent@openssh.com", "tun@openssh.com"):
            c.send(bytes([OPEN]) + text(kind) + u32(7) + u32(1 << 20) + u32(32768) +
                   text("127.0.0.1") + u32(22) + text("a") + u32(1))
            assert c.answer(OPEN_OK, OPEN_FAILURE)[0] == OPEN_FAILURE, kind

    def data_out_of_place(self):
        c = self.inside()
        channel = c.channel()
        c.send(bytes([DATA]) + u32(99) + text("nobody's"))
        c.send(bytes([DATA]) + u32(channel) + text("before the command"))
        c.send(bytes([EXTENDED]) + u32(channel) + u32(1) + text("backwards" * 1000))
        assert c.request(channel, "exec", text("git-upload-pack 'one'")) == REQUEST_OK
        c.send(bytes([EOF]) + u32(channel))
        c.send(bytes([DATA]) + u32(channel) + text("after the end"))
        c.send(bytes([CLOSE]) + u32(channel))
        try:
            for _ in range(50):
                # CVE-2026-59850
                c.send(bytes([DATA]) + u32(channel) + text("after the close" * 100))
                c.send(bytes([ADJUST]) + u32(channel) + u32(1 << 30))
            c.send(bytes([CLOSE]) + u32(channel))
            again = c.channel(number=5)
        except OSError:
            again = None
        if LIBSSH >= (0, 11) and again is None:  # it ends the connection
            return
        assert again is not None
        assert c.request(again, "exec", text("nonsense")) == REQUEST_OK and c.status(5) == 64

    def beyond_its_window(self):
        """Sends more than the window allows, to a command that reads nothing."""
        c = self.inside()
        channel = c.channel()
        assert c.request(channel, "exec", text("log -f 1")) == REQUEST_OK
        try:
            for _ in range(2000):
                c.send(bytes([DATA]) + u32(channel) + text(b"x" * 32000))
        except OSError:
            return
        # libssh 0.11 throws the bytes away.
        assert c.gone() or LIBSSH >= (0, 11), "64 MB were swallowed"

    def never_listens(self):
        """Sends requests that want answers and reads none: the server must stop reading soon.

        Then reads all answers."""
        c = self.inside()
        # A small receive buffer, whatever tcp_rmem allows.
        c.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        asked = 0
        while select.select([], [c.sock], [], 3)[1]:
            c.send(bytes([GLOBAL]) + text("x" * 400) + b"\1")
            asked += 1
            assert asked < 400000, "all were read"
        for _ in range(asked):
            assert c.answer(GLOBAL_FAILURE)[0] == GLOBAL_FAILURE
        assert c.request(c.channel(), "exec", text("nonsense")) == REQUEST_OK and c.status() == 64

    def commands_without_end(self):
        """Runs commands over one connection, one after the other, as fast as possible.

        After a hundred, the server allows five a second."""
        c = self.inside()
        begun = time.monotonic()
        for number in range(120):
            channel = c.channel(number=number)
            assert c.request(channel, "exec", text('"')) == REQUEST_OK and c.status(number) == 64
            c.send(bytes([CLOSE]) + u32(channel))
        took = time.monotonic() - begun
        assert took > 3, f"120 commands took {took:.2f} s"

    # slow but correct clients
    def ends_its_side_first(self):
        """Requests a whole clone and ends its own side in one go."""
        c = self.inside()
        channel = c.channel()
        assert c.request(channel, "exec", text("git-upload-pack 'one'")) == REQUEST_OK
        c.data(channel, clone_of(c.told()))
        c.send(bytes([EOF]) + u32(channel))
        got, order = b"", []
        while order[-1:] != [CLOSE]:
            kind, payload = c.answer(DATA, REQUEST, EOF, CLOSE)
            got += payload[9:] if kind == DATA else b""
            order += [kind] if kind != DATA else []
            if kind == REQUEST:
                assert payload[-4:] == u32(0)
        assert b"PACK" in got and whole(got) and order == [REQUEST, EOF, CLOSE], order

    def slow_writer(self):
        """Pushes with one byte per packet."""
        c = self.inside()
        channel = c.channel()
        assert c.request(channel, "exec", text("git-receive-pack 'one'")) == REQUEST_OK
        c.told()
        for byte in push_of(b"slowly", b"slowly"):
            c.data(channel, bytes([byte]))
        assert b"ok refs/heads/slowly" in c.told()
        assert c.status() == 0

    def slow_reader(self):
        """Clones through a window of twenty bytes, opened again when it is used up."""
        c = self.inside()
        channel = c.channel(window=20)
        assert c.request(channel, "exec", text("git-upload-pack 'one'")) == REQUEST_OK
        c.data(channel, clone_of(c.told(channel, 20)))
        assert b"PACK" in c.told(channel, 20)
        assert c.status() == 0

    def never_reads(self):
        """Requests a whole clone with the largest window and reads nothing.

        Prints WAITING and waits for a line."""
        c = self.inside()
        channel = c.channel(window=0xffffffff)
        assert c.request(channel, "exec", text("git-upload-pack 'big'")) == REQUEST_OK
        c.data(channel, clone_of(c.told()))
        print("WAITING", flush=True)
        sys.stdin.readline()

    def stops_in_keys(self):
        """Begins a key exchange in the middle of a clone and never ends it.

        Prints WAITING and waits for a line."""
        c = self.inside()
        channel = c.channel(window=0xffffffff)
        assert c.request(channel, "exec", text("git-upload-pack 'big'")) == REQUEST_OK
        c.data(channel, clone_of(c.told()))
        c.answer(DATA)
        c.send(c.offer())
        assert c.answer(KEXINIT)[0] == KEXINIT
        print("WAITING", flush=True)
        sys.stdin.readline()

    def channel_without_command(self):
        """Logs in, opens a channel and requests nothing.

        Prints WAITING and waits until the server hangs up."""
        c = self.inside()
        assert c.channel() is not None
        print("WAITING", flush=True)
        assert c.gone(60)

    def channel_at_once(self):
        """Requests a channel together with a login that fails because of the key's share.

        The server must say why first."""
        c = self.ready()
        held = []
        c.raw = held.append
        c.login(key_of(self.key), wait=False)
        c.send(bytes([OPEN]) + text("session") + u32(0) + u32(1 << 21) + u32(32768))
        del c.raw
        c.raw(b"".join(held))
        kind, payload = c.answer(OPEN_FAILURE)
        assert kind == GONE and b"this key has all the connections" in payload, (kind, payload)

    def half_push(self):
        """Stops a push in the middle of its pack, prints WAITING and waits for a line."""
        c = self.inside()
        channel = c.channel()
        assert c.request(channel, "exec", text("git-receive-pack 'one'")) == REQUEST_OK
        c.told()
        line = b"0" * 40 + b" " + b"1" * 40 + b" refs/heads/half\0report-status"
        pack = b"PACK" + u32(2) + u32(3) + b"\xb0\x0a" + zlib.compress(os.urandom(171))[:80]
        c.data(channel, packet(line) + b"0000" + pack)
        print("WAITING", flush=True)
        sys.stdin.readline()

    def trickle(self):
        """Sends a byte now and then, never a whole packet: the login must time out."""
        c = self.client()
        end = time.monotonic() + 30
        try:
            while time.monotonic() < end:
                c.raw(b"S")
                if select.select([c.sock], [], [], 0.2)[0] and not c.sock.recv(4096):
                    return
        except OSError:
            return
        raise AssertionError("still there")

    def nonsense_inside(self):
        """Sends messages of every kind with random contents; the seed is fixed."""
        dice = random.Random(1)
        for _ in range(25):
            c = self.inside()
            try:
                c.channel()
                for _ in range(40):
                    kind = dice.choice([dice.randrange(256), OPEN, DATA, EXTENDED, ADJUST, REQUEST,
                                        GLOBAL, EOF, CLOSE, KEXINIT])
                    size = dice.choice([0, 1, 3, 4, 5, 9, 40, 400, 30000])
                    number = u32(dice.choice([0, 1, 43, 0xffffffff])) * (dice.random() < 0.7)
                    c.send(bytes([kind]) + number + dice.randbytes(size))
            except OSError:
                pass
            c.sock.close()

    def nonsense_before(self):
        dice = random.Random(2)
        for _ in range(25):
            c = self.client()
            try:
                c.banner()
                if dice.random() < 0.6:
                    c.exchange()
                for _ in range(20):
                    kind = dice.choice([dice.randrange(256), KEXINIT, KEX_INIT, NEWKEYS,
                                        SERVICE_REQUEST, AUTH])
                    c.send(bytes([kind]) + dice.randbytes(dice.choice([0, 1, 4, 17, 100, 3000])))
            except (OSError, EOFError):
                pass
            c.sock.close()

    def idle(self):
        """Opens many idle connections from the address that other clients use.

        Prints WAITING and waits for a line."""
        crowd = []
        for _ in range(500):
            s = socket.socket()
            s.connect(("127.0.0.1", self.port))
            crowd.append(s)
        print("WAITING", flush=True)
        sys.stdin.readline()


if __name__ == "__main__":
    if sys.argv[1:] == ["list"]:
        apart = ("client", "ready", "inside", "idle", "never_reads", "half_push", "stops_in_keys",
                 "trickle", "channel_without_command", "channel_at_once")
        print(*[a for a in vars(Attack) if a[0] != "_" and a not in apart])
    else:
        getattr(Attack(int(sys.argv[1]), sys.argv[2], sys.argv[3]), sys.argv[3])()
