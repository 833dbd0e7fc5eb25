"""A TCP proxy on loopback that cuts and stalls what goes through it, told so line by line on standard input.

    proxy.py LISTEN_PORT TARGET_PORT

`cut` resets every connection; `stall MS` holds everything back, new connections too, for so long. Each line is answered
by one with the number of connections that it concerned. The end of the input ends the proxy.
"""

import asyncio
import contextlib
import socket
import struct
import sys

_PIECE_BYTES = 64 * 1024
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Proxy:
    """Passes connections on to 127.0.0.1:target_port."""

    def __init__(self, target_port: int):
        self._target_port = target_port
        self._pairs: set[tuple[asyncio.StreamWriter, asyncio.StreamWriter]] = set()
        self._open = asyncio.Event()
        self._open.set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until either side ends it."""
        await self._open.wait()
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target_port)
        except OSError:
            writer.transport.abort()
            return
        pair = (writer, far_writer)
        self._pairs.add(pair)
        flows = [asyncio.create_task(self._pass_on(reader, far_writer)),
                 asyncio.create_task(self._pass_on(far_reader, writer))]
        await asyncio.wait(flows, return_when=asyncio.FIRST_COMPLETED)
        for flow in flows:
            flow.cancel()
        self._pairs.discard(pair)
        for one in pair:
            one.transport.abort()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while piece := await reader.read(_PIECE_BYTES):
                await self._open.wait()
                writer.write(piece)
                await writer.drain()

    def cut(self) -> int:
        """Resets every connection; bytes under way are lost."""
        pairs = list(self._pairs)
        for pair in pairs:
            for one in pair:
                plug = one.get_extra_info("socket")
                with contextlib.suppress(OSError):
                    plug.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
                one.transport.abort()
        return len(pairs)

    def stall(self, ms: int) -> int:
        """Lets nothing through for a while."""
        self._open.clear()
        asyncio.get_running_loop().call_later(ms / 1000, self._open.set)
        return len(self._pairs)

    def obey(self, line: str) -> int:
        """Does what a line says; how many connections it concerned."""
        command, *arguments = line.split()
        return self.cut() if command == "cut" else self.stall(int(arguments[0]))


async def main(listen_port: int, target_port: int) -> None:
    proxy = Proxy(target_port)
    await asyncio.start_server(proxy.serve, "127.0.0.1", listen_port)
    orders = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    print("ready", flush=True)
    while line := await orders.readline():
        print(proxy.obey(line.decode()), flush=True)


if __name__ == "__main__":
    asyncio.run(main(*map(int, sys.argv[1:3])))
