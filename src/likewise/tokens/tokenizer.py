"""The compiled WordPiece tokenizer: the same ids as `tokenizers`, hundreds of times as fast."""

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pyarrow as pa
from tokenizers import Tokenizer as Reference

from likewise.arrays import Int64
from likewise.corpus.encoding import well_formed
from likewise.errors import InputError
from likewise.tokens.characters import Characters, characters
from likewise.tokens.ragged import Ragged
from likewise.tokens.vocabulary import CONTINUATION, UNKNOWN, Vocabulary, reference_of

if TYPE_CHECKING:
    from likewise.tokens.kernels import Tables

Texts: TypeAlias = Sequence[str] | pa.Array | pa.ChunkedArray

BLOCKS = 64  # units of parallel work; more than cores, so that long texts even out
CHUNK_BYTES = 1 << 22  # of text tokenised at once, so that its ids stay in the cache
SMALL_TEXTS, SMALL_BYTES = 16, 1 << 14  # up to here `tokenizers` is as fast, and the compiled loops are not loaded
LIMITS = (0x3000, 0x10000, 0x20000)  # characters in the table: it grows when a text needs more


class Tokenizer:
    """Compiled WordPiece.

    It gives the same ids as `reference` for every text: texts that the compiled loops cannot handle (with marks that
    combine, or characters beyond the table) are tokenised by `reference` itself.

    Args:
        reference: the `tokenizers` tokenizer.
        vocabulary: its subwords with their counts; without counts if None.
        small_texts: batches of up to this many texts, and of up to `small_bytes`, are tokenised by `reference`.
        small_bytes: see `small_texts`.
        chunk_bytes: bytes of text that are tokenised at once.
    """

    def __init__(
        self,
        reference: Reference,
        vocabulary: Vocabulary | None = None,
        *,
        small_texts: int = SMALL_TEXTS,
        small_bytes: int = SMALL_BYTES,
        chunk_bytes: int = CHUNK_BYTES,
    ) -> None:
        self.reference = reference
        self.vocabulary = Vocabulary.of(reference) if vocabulary is None else vocabulary
        self._small_texts, self._small_bytes, self._chunk_bytes = small_texts, small_bytes, chunk_bytes
        self._limit = 0
        self._tables: Tables | None = None

    def encode(self, texts: Texts) -> Ragged:
        """Tokenise each text, without special tokens.

        Args:
            texts: strings, or an Arrow array of them; a null is an empty text.
        """
        array = as_arrow(texts)
        offsets, _ = buffers(array)
        if len(array) <= self._small_texts and offsets[-1] - offsets[0] <= self._small_bytes:
            return Ragged.of(self._by_reference(array))
        parts = [self._encode_chunk(chunk) for chunk in chunks(array, self._chunk_bytes)]
        return parts[0] if len(parts) == 1 else Ragged.concatenate(parts)

    def save(self, path: Path) -> None:
        """Write `tokenizer.json`, in the format of `tokenizers`."""
        path.write_text(self.reference.to_str(), encoding="utf-8")

    @classmethod
    def load(cls, path: Path, counts: Int64[np.ndarray, " vocab"] | None = None) -> "Tokenizer":
        """Read `tokenizer.json`.

        Args:
            path: the file.
            counts: the occurrences of each subword in the training corpus, if known.

        Raises:
            InputError: the file is missing, damaged, or splits texts in another way than this class does.
        """
        try:
            reference = Reference.from_str(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise InputError(f"{path} cannot be read: {error.strerror}") from error
        except Exception as error:  # tokenizers raises Exception itself
            raise InputError(f"{path} is not a tokenizer: {error}") from error
        vocabulary = Vocabulary.of(reference)
        if UNKNOWN not in vocabulary.subwords or reference.to_str() != reference_of(vocabulary.subwords).to_str():
            raise InputError(f"{path} splits texts in a way that the compiled tokenizer does not know")
        if counts is not None and len(counts) != len(vocabulary):
            raise InputError(f"{path} holds {len(vocabulary)} subwords, but there are counts of {len(counts)}")
        return cls(reference, Vocabulary.of(reference, counts))

    def _by_reference(self, array: pa.Array) -> list[list[int]]:
        return [text.ids for text in self.reference.encode_batch_fast(array.to_pylist(), add_special_tokens=False)]

    def _encode_chunk(self, array: pa.Array) -> Ragged:
        from likewise.tokens.kernels import BEYOND, DONE, gather, tokenize

        offsets, data = buffers(array)
        if self._tables is None:
            self._tables = self._tables_to(LIMITS[0])
        room = int(offsets[-1] - offsets[0])
        ids = np.empty(room, np.int32)
        lengths = np.empty(len(array), np.int64)
        status = np.empty(len(array), np.uint8)
        tokenize(self._tables, data, offsets, ids, lengths, status, BLOCKS)
        while (status == BEYOND).any() and self._limit < LIMITS[-1]:
            self._tables = self._tables_to(next(limit for limit in LIMITS if limit > self._limit))
            tokenize(self._tables, data, offsets, ids, lengths, status, BLOCKS)
        froms = offsets[:-1] - offsets[0]
        left = np.flatnonzero(status != DONE)
        if len(left):
            slow = self._by_reference(array.take(pa.array(left, pa.int64())))
            lengths[left] = [len(text) for text in slow]
            froms[left] = room + np.concatenate([[0], np.cumsum(lengths[left])[:-1]])
            ids = np.concatenate([ids, *[np.array(text, np.int32) for text in slow]])
        packed_offsets = np.zeros(len(array) + 1, np.int64)
        np.cumsum(lengths, out=packed_offsets[1:])
        packed = np.empty(int(packed_offsets[-1]), np.int32)
        gather(ids, froms, packed_offsets, packed, BLOCKS)
        return Ragged(packed, packed_offsets)

    def _tables_to(self, limit: int) -> "Tables":
        from likewise.tokens.kernels import Tables, fill_slots

        self._limit = limit
        known = known_characters(limit)
        role = known.roles(subword for subword in self.vocabulary.subwords if len(subword) == 1)
        spelling = [subword.encode() for subword in self.vocabulary.subwords]
        subword_start = np.zeros(len(spelling) + 1, np.int64)
        np.cumsum([len(subword) for subword in spelling], out=subword_start[1:])
        subword_bytes = np.frombuffer(b"".join(spelling), np.uint8)
        slots = 1 << (4 * len(spelling)).bit_length()
        slot_hash, slot_id = np.zeros(slots, np.uint64), np.full(slots, -1, np.int32)
        fill_slots(subword_start, subword_bytes, slot_hash, slot_id)
        return Tables(
            known.kind, known.order, known.start, known.form, role, slot_hash, slot_id, subword_start,
            subword_bytes, self.vocabulary.subwords.index(UNKNOWN), max(map(len, spelling)),
            _hash(CONTINUATION.encode()),
        )  # fmt: skip


@lru_cache(maxsize=len(LIMITS))
def known_characters(limit: int) -> Characters:
    """Build the table once per process: it does not depend on the vocabulary."""
    return characters(reference_of([UNKNOWN]), limit)


def as_arrow(texts: Any) -> pa.Array:
    """Convert strings to an Arrow array of large_string, without a copy if they are one already.

    A null becomes an empty text; a lone surrogate, which UTF-8 cannot encode, becomes U+FFFD.

    Args:
        texts: anything; checked to be `Texts`.

    Raises:
        InputError: something in it is not a string.
    """
    if isinstance(texts, pa.Array | pa.ChunkedArray):
        array = _large_strings(texts)
    elif isinstance(texts, str):
        raise InputError("one string was given where a list of texts was expected: write [text]")
    else:
        array = _from_list(texts if isinstance(texts, list) else list(texts))
    # The bytes under a null need not be empty.
    return array.fill_null("") if array.null_count else array


def _large_strings(texts: pa.Array | pa.ChunkedArray) -> pa.Array:
    held = texts.type.value_type if pa.types.is_dictionary(texts.type) else texts.type
    strings = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view, pa.types.is_null)
    if not any(fits(held) for fits in strings):
        raise InputError(f"texts are an Arrow array of {texts.type}, expected one of strings")
    # Cast before the chunks are joined: 32-bit offsets end at 2 GiB.
    large = texts if pa.types.is_large_string(texts.type) else texts.cast(pa.large_string())
    return large.combine_chunks() if isinstance(large, pa.ChunkedArray) else large


def _from_list(texts: list[Any]) -> pa.Array:
    try:
        if len(texts) <= SMALL_TEXTS and all(isinstance(text, str) for text in texts):
            encoded = [text.encode() for text in texts]  # pa.array would import pandas, if it is installed
            offsets = np.cumsum([0, *map(len, encoded)], dtype=np.int64)
            return pa.LargeStringArray.from_buffers(len(texts), pa.py_buffer(offsets), pa.py_buffer(b"".join(encoded)))
        return pa.array(texts, pa.large_string())
    except UnicodeEncodeError:
        return _from_list([well_formed(text) if isinstance(text, str) else text for text in texts])
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        row = next(i for i, text in enumerate(texts) if not (text is None or isinstance(text, str)))
        raise InputError(f"text {row} is a {type(texts[row]).__name__}, expected a string") from error


def chunks(array: pa.Array, chunk_bytes: int = CHUNK_BYTES) -> list[pa.Array]:
    """Cut an array of texts into slices of about so many bytes."""
    offsets, _ = buffers(array)
    if offsets[-1] - offsets[0] <= chunk_bytes:
        return [array]
    cuts = np.arange(chunk_bytes, offsets[-1] - offsets[0], chunk_bytes)
    marks = np.unique([0, *np.searchsorted(offsets - offsets[0], cuts), len(array)])
    return [array.slice(int(first), int(last - first)) for first, last in pairwise(marks)]


def buffers(array: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """Return the offsets (texts + 1) and the UTF-8 bytes of a large_string array, as views of its memory."""
    if len(array) == 0:
        return np.zeros(1, np.int64), np.zeros(0, np.uint8)
    _, offsets, data = array.buffers()
    positions = np.frombuffer(offsets, np.int64)[array.offset : array.offset + len(array) + 1]
    return positions, np.zeros(0, np.uint8) if data is None else np.frombuffer(data, np.uint8)


def _hash(prefix: bytes) -> np.uint64:
    from likewise.tokens.kernels import FNV_BASIS, FNV_PRIME

    hashed = int(FNV_BASIS)
    for byte in prefix:
        hashed = ((hashed ^ byte) * int(FNV_PRIME)) & 0xFFFFFFFFFFFFFFFF
    return np.uint64(hashed)
