"""The encoding that SSH keys and signatures share: length-prefixed strings (RFC 4251, section 5), read to the end."""

from __future__ import annotations


class Malformed(ValueError):
    """Bytes that are not what they should be; its text says how."""


def string(data: bytes) -> bytes:
    """A string as SSH writes it: its length in four bytes, then the bytes."""
    return len(data).to_bytes(4, "big") + data


def mpint(number: int) -> bytes:
    """A number that is not negative, as SSH writes it: the fewest bytes, the first of them below 0x80."""
    return string(number.to_bytes(number.bit_length() // 8 + 1, "big") if number else b"")


class Reader:
    """Reads values off bytes, one after the other. Whatever does not fit raises `Malformed`."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, count: int) -> bytes:
        """The next so many bytes."""
        end = self._at + count
        if end > len(self._data):
            raise Malformed("it ends too early")
        taken, self._at = self._data[self._at : end], end
        return taken

    def uint32(self) -> int:
        """The next four bytes, as a number."""
        return int.from_bytes(self.take(4), "big")

    def string(self) -> bytes:
        """The next string."""
        return self.take(self.uint32())

    def mpint(self) -> int:
        """The next number that is not negative, in the one way in which SSH writes it."""
        data = self.string()
        number = int.from_bytes(data, "big")
        if mpint(number) != string(data):
            raise Malformed("a number is not in its shortest form")
        return number

    def end(self) -> None:
        """Nothing may be left."""
        if self._at != len(self._data):
            raise Malformed(f"{len(self._data) - self._at} bytes too many")
