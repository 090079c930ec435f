"""A receipt of forgetting in plain words."""

from __future__ import annotations

from kernel.types import Holding
from server.schemas.receipts import ReceiptOut

_PLACES = {
    "notes": ("note", "notes"),
    "revisions": ("earlier revision", "earlier revisions"),
    "chunks": ("chunk", "chunks"),
    "sentences": ("sentence", "sentences"),
    "vectors": ("vector", "vectors"),
    "insights": ("insight", "insights"),
    "statements": ("statement", "statements"),
    "originals": ("original file", "original files"),
    "mirror": ("file of the mirror", "files of the mirror"),
    "identity": ("sentence of the identity", "sentences of the identity"),
    "samples": ("training sample", "training samples"),
    "exam": ("exam question", "exam questions"),
}


def counted(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"


def in_words(receipt: ReceiptOut) -> list[str]:
    """What was removed where, which selves lost their weights, and what is left to do."""
    lines = [f"{counted(receipt.forgotten, 'memory', 'memories')} forgotten (receipt {receipt.id})."]
    restored = receipt.removed.get("restored", 0)
    if restored:
        lines.append(f"{counted(restored, 'memory is as it was', 'memories are as they were')} before.")
    removed = [
        counted(count, *_PLACES.get(place, (place, place)))
        for place, count in receipt.removed.items()
        if place != "restored"
    ]
    if removed:
        lines.append(f"Removed: {', '.join(removed)}.")
    lines += [_lost(holding) for holding in receipt.selves]
    if receipt.selves and receipt.serving:
        lines.append(f"Self {receipt.serving}, which never held it, answers since.")
    lines += _left_to_do(receipt)
    return lines


def _lost(holding: Holding) -> str:
    learned = f"Self {holding.version} had learned it ({counted(holding.samples, 'sample', 'samples')}"
    learned += ", it was live)" if holding.was_live else ")"
    if holding.weights_removed_at is None:
        return f"{learned}; its weights are still on disk."
    return f"{learned}; its weights were deleted at {holding.weights_removed_at[:16]}."


def _left_to_do(receipt: ReceiptOut) -> list[str]:
    lines = []
    if receipt.retraining == "due":
        lines.append(
            "A training without it is due: it starts by itself (training.after_forgetting), or 'oneself train'."
        )
    elif receipt.retraining == "done":
        lines.append("A self has been trained without it since.")
    if receipt.exports:
        lines.append(f"Exports and backups that hold it are yours to delete: {', '.join(receipt.exports)}.")
    if receipt.forgotten:
        lines.append(
            f"The database file has held none of its bytes since {receipt.cleared_at[:16]}."
            if receipt.cleared_at
            else "Its last bytes are cleared from the database file in a moment."
        )
    return lines
