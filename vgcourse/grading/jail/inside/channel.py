"""Messages over a stream: a kind of one byte, a length, that many bytes. Only one end is trusted."""

import socket
import struct
import time

# Between a worker and a warm parent.
PLAN, STARTED, FAILED, FORK, END, ENDED = b"p", b"s", b"f", b"k", b"e", b"d"
# What a worker asks a child for, and what it is told.
FILES, CELL, ASK, ASK_FRESH = b"F", b"C", b"Q", b"q"
READY, BROKEN, SHOWN, ANSWERS, ABSENT = b"R", b"B", b"S", b"A", b"N"

_HEADER = struct.Struct(">cQ")
_PIECE = 1 << 20


class ChannelError(Exception):
    """The other end is gone, is late, or sends what is no message."""


class Late(ChannelError):
    """The other end said nothing in time."""


class Channel:
    """One end of a connected stream socket.

    Parameters
    ----------
    stream : the socket
    most : a message of more bytes is refused before any of them is read
    """

    def __init__(self, stream, most=1 << 40):
        self.stream = stream
        self.most = most

    def send(self, kind, payload=b"", deadline=None):
        """Send one message; `deadline` is in the time of `time.monotonic`."""
        self._until(deadline)
        try:
            self.stream.sendall(_HEADER.pack(kind, len(payload)))
            self.stream.sendall(payload)
        except TimeoutError as error:
            raise Late("the other end takes nothing") from error
        except OSError as error:
            raise ChannelError("the other end is gone") from error

    def receive(self, deadline=None):
        """The next message: its kind and its bytes."""
        kind, length = _HEADER.unpack(self._read(_HEADER.size, deadline))
        if length > self.most:
            raise ChannelError(f"a message of {length:,} bytes; at most {self.most:,} are taken")
        return kind, self._read(length, deadline)

    def close(self):
        """Close this end."""
        self.stream.close()

    def _read(self, length, deadline):
        data = bytearray()
        while len(data) < length:
            self._until(deadline)
            try:
                piece = self.stream.recv(min(length - len(data), _PIECE))
            except TimeoutError as error:
                raise Late("the other end says nothing") from error
            except OSError as error:
                raise ChannelError("the other end is gone") from error
            if not piece:
                raise ChannelError("the other end is gone")
            data += piece
        return bytes(data)

    def _until(self, deadline):
        """Give the next call on the socket the time that is left."""
        if deadline is None:
            self.stream.settimeout(None)
            return
        left = deadline - time.monotonic()
        if left <= 0:
            raise Late("the time is over")
        self.stream.settimeout(left)


def pair():
    """Two connected stream sockets."""
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
