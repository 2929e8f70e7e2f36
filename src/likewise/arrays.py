"""Annotations of arrays with their shapes: those of jaxtyping for a type checker, and where it is loaded already.

It takes a tenth of a second to import, which everybody would wait for at every command and nobody would need.
"""

import sys
from typing import TYPE_CHECKING

__all__ = [
    "Bool", "Float", "Float16", "Float32", "Float64", "Int", "Int8", "Int32", "Int64", "UInt8", "UInt16", "UInt32",
    "UInt64",
]  # fmt: skip

if TYPE_CHECKING or "jaxtyping" in sys.modules:
    from jaxtyping import (
        Bool,
        Float,
        Float16,
        Float32,
        Float64,
        Int,
        Int8,
        Int32,
        Int64,
        UInt8,
        UInt16,
        UInt32,
        UInt64,
    )
else:

    class _Array:
        def __class_getitem__(cls, _: object) -> type:
            return cls

    Bool = Float = Float16 = Float32 = Float64 = Int = Int8 = Int32 = Int64 = UInt8 = UInt16 = UInt32 = UInt64 = _Array
