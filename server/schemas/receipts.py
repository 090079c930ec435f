"""Receipts of forgetting on the wire."""

from __future__ import annotations

import msgspec

from kernel.types import Holding, Receipt


class ReceiptOut(msgspec.Struct, frozen=True, kw_only=True):
    """What one forgetting removed, where, and what is left to do; none of the words."""

    id: str
    created: str
    forgotten: int
    """How many notes."""
    note_ids: tuple[str, ...]
    removed: dict[str, int]
    """Place -> how many: ``notes``, ``sentences``, ``vectors``, ``originals``, ``mirror``, ``samples`` …"""
    selves: tuple[Holding, ...]
    """Those that had learned it, and when their weights were deleted."""
    serving: str
    """The self that answers since."""
    retraining: str
    """``not needed``, ``due`` or ``done``."""
    exports: tuple[str, ...]
    """Exports and backups known to hold it, which are the owner's to delete."""
    cleared_at: str | None
    """When the database file held none of its bytes any more; null for the moment until then."""


class ReceiptList(msgspec.Struct, frozen=True):
    receipts: tuple[ReceiptOut, ...]


def receipt_out(receipt: Receipt) -> ReceiptOut:
    return ReceiptOut(**msgspec.structs.asdict(receipt), forgotten=len(receipt.note_ids))
