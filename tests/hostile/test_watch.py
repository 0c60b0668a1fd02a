"""The watch of these tests sees what it is there to see."""

import asyncio
import logging
import socket

import pytest

from support.watch import SERVER_WORDS, little_memory, nothing_left, quiet_logs


def test_a_hostile_word_in_a_log_is_seen() -> None:
    with pytest.raises(AssertionError), quiet_logs():
        logging.getLogger("somewhere").debug("it said %s", SERVER_WORDS.decode())


def test_a_hostile_word_in_a_traceback_is_seen() -> None:
    error = ValueError(SERVER_WORDS.decode())
    with pytest.raises(AssertionError), quiet_logs():
        logging.getLogger("somewhere").debug("a failure", exc_info=error)


async def test_a_socket_left_open_is_seen() -> None:
    with pytest.raises(AssertionError):
        async with nothing_left():
            left = socket.socket()
    left.close()


async def test_a_task_left_running_is_seen() -> None:
    with pytest.raises(AssertionError):
        async with nothing_left():
            left = asyncio.create_task(asyncio.sleep(60))
    left.cancel()


async def test_a_failure_that_nobody_took_is_seen() -> None:
    with pytest.raises(AssertionError):
        async with nothing_left():
            asyncio.get_running_loop().create_future().set_exception(ValueError())


def test_a_large_piece_of_memory_is_seen() -> None:
    with pytest.raises(AssertionError), little_memory():
        bytearray(9 << 20)
