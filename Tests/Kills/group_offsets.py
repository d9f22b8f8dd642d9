"""A consumer group's committed offsets and the ends of partitions, asked of the broker as they are: Kafka's OffsetFetch and
ListOffsets, and nothing more.

A client that joins the group, or that reads on from its offsets, would take part in what is examined: it rebalances the
group, or commits when it ends. This only asks, and is quick enough to do so at each kill.
"""

import socket
import struct

FIND_COORDINATOR, OFFSET_FETCH, LIST_OFFSETS = 10, 9, 2
NO_REPLICA, LATEST = -1, -1
DEADLINE_SECONDS = 5


class Unanswered(Exception):
    """The broker did not tell."""


def committed(bootstrap, group, topic, partitions):
    """The offset of each partition; 0 where the group has none yet.

    Raises Unanswered.
    """
    try:
        answer = ask(address_of(bootstrap), FIND_COORDINATOR, 0, text(group))
        if answer.number("h") != 0:
            raise Unanswered("the group's coordinator is not known")
        answer.number("i")
        coordinator = answer.text(), answer.number("i")
        wanted = struct.pack(f">i{len(partitions)}i", len(partitions), *partitions)
        answer = ask(coordinator, OFFSET_FETCH, 1, text(group) + struct.pack(">i", 1) + text(topic) + wanted)
        return dict(offsets(answer))
    except (OSError, struct.error) as failure:
        raise Unanswered(str(failure)) from None


def offsets(answer):
    for _ in range(answer.number("i")):
        answer.text()
        for _ in range(answer.number("i")):
            partition, offset = answer.number("i"), answer.number("q")
            answer.text()
            if answer.number("h") != 0:
                raise Unanswered(f"the offset of partition {partition} is not told")
            yield partition, max(offset, 0)


class Ends:
    """Where each partition of a topic ends, asked again and again over one connection; of a cluster with one broker."""

    def __init__(self, bootstrap, topic, partitions):
        wanted = b"".join(struct.pack(">iq", partition, LATEST) for partition in range(partitions))
        self.question = struct.pack(">ii", NO_REPLICA, 1) + text(topic) + struct.pack(">i", partitions) + wanted
        self.connection = Connection(address_of(bootstrap))

    def read(self):
        """The next offset of each partition.

        Raises Unanswered.
        """
        try:
            return dict(self.ends(self.connection.ask(LIST_OFFSETS, 1, self.question)))
        except (OSError, struct.error) as failure:
            raise Unanswered(str(failure)) from None

    @staticmethod
    def ends(answer):
        answer.number("i")
        answer.text()
        for _ in range(answer.number("i")):
            partition, error = answer.number("i"), answer.number("h")
            answer.number("q")
            if error != 0:
                raise Unanswered(f"the end of partition {partition} is not told")
            yield partition, answer.number("q")

    def close(self):
        self.connection.close()


def address_of(bootstrap):
    host, _, port = bootstrap.split(",")[0].rpartition(":")
    return host, int(port)


def text(value):
    data = value.encode()
    return struct.pack(">h", len(data)) + data


def ask(address, call, version, body):
    connection = Connection(address)
    try:
        return connection.ask(call, version, body)
    finally:
        connection.close()


class Connection:
    """One connection to a broker; one question at a time."""

    def __init__(self, address):
        self.socket = socket.create_connection(address, DEADLINE_SECONDS)

    def ask(self, call, version, body):
        request = struct.pack(">hhi", call, version, 1) + text("crossdock-offsets") + body
        self.socket.sendall(struct.pack(">i", len(request)) + request)
        length = struct.unpack(">i", exactly(self.socket, 4))[0]
        return Answer(exactly(self.socket, length)[4:])

    def close(self):
        self.socket.close()


def exactly(connection, count):
    data = b""
    while len(data) < count:
        part = connection.recv(count - len(data))
        if not part:
            raise Unanswered("the broker closed the connection")
        data += part
    return data


class Answer:
    """Bytes of an answer, read from the front."""

    def __init__(self, data):
        self.data, self.position = data, 0

    def number(self, kind):
        value = struct.unpack_from(f">{kind}", self.data, self.position)[0]
        self.position += struct.calcsize(f">{kind}")
        return value

    def text(self):
        length = self.number("h")
        if length < 0:
            return None
        value = self.data[self.position:self.position + length].decode()
        self.position += length
        return value
