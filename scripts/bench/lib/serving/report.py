"""The report: what was aimed at and what was measured, tables in Markdown, and the plot. Medians, with the range beside."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from serving.clients import percentile
from serving.throughput import BARE, ratios, values, warm_and_first

Report = dict[str, Any]
LIMIT_MS = 150, 300
"""Aimed at: the median gap at a swap, the 99th percentile beside a long prompt."""


def spread(found: Sequence[float], digits: int = 0, factor: float = 1.0) -> str:
    """Median and range."""
    if not found:
        return "-"
    low, middle, high = (f"{factor * value:.{digits}f}" for value in (min(found), statistics.median(found), max(found)))
    return middle if len(found) == 1 else f"{middle} ({low}–{high})"


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def markdown(report: Report) -> str:
    parts = ["# Serving", about(report["setting"]), goals(report)]
    sections = {
        "bursts": bursts,
        "swap": swaps,
        "prefill": prefills,
        "memory": memory,
        "overhead": overhead,
    }
    parts += [write(report[name]) for name, write in sections.items() if name in report]
    return "\n\n".join(part for part in parts if part) + "\n"


def about(setting: Report) -> str:
    return (
        f"{setting['file']} ({setting['megabytes']:.0f} MB), {setting['threads']} threads, {setting['cores']} cores "
        f"({setting['processor']}), a persona of {setting['persona_tokens']} tokens, {setting['tokens']} answer tokens, "
        f"{setting['rounds']} alternating rounds. Load average before: {setting['load_average']:.2f}. "
        + ", ".join(f"{name} {version}" for name, version in setting["versions"].items())
        + ". `llama_cpp.server` runs with `--interrupt_requests false`; everything else of the rivals is their default "
        f"({setting['slots']} slots, n_ctx {setting['context']})."
    )


def goals(report: Report) -> str:
    """What was aimed at. ``least``: the figure is to be at least that, else at most."""
    rows = []

    def goal(what: str, found: Sequence[float], wanted: float, *, least: bool, digits: int = 2) -> None:
        if found:
            middle = statistics.median(found)
            reached = middle >= wanted if least else middle <= wanted
            sign = "≥" if least else "≤"
            rows.append([what, f"{sign} {wanted:g}", spread(found, digits), "yes" if reached else "**no**"])

    visits = report.get("bursts", {})

    def ratio(what: str, ours: str, theirs: str, when: str, figure: str, wanted: float, *, least: bool) -> None:
        goal(what, ratios(visits, ours, theirs, when, figure), wanted, least=least)

    rate, first = "tokens_per_second", "first_p50_s"
    ratio("tokens/s, 8 clients warm, to llama_cpp.server", "oneself", "llama_cpp.server", "8", rate, 3, least=True)
    ratio("tokens/s, first burst, to llama.cpp", "oneself", "llama.cpp", "first", rate, 2.5, least=True)
    ratio("tokens/s, 8 clients warm, to llama.cpp", "oneself", "llama.cpp", "8", rate, 0.95, least=True)
    ratio("tokens/s, 8 clients warm, own file, to llama.cpp", "own-file", "llama.cpp", "8", rate, 1.3, least=True)
    ratio(
        "first token p50, first burst, self-weights, to llama.cpp",
        "self-weights",
        "llama.cpp",
        "first",
        first,
        0.15,
        least=False,
    )
    ratio(
        "first token p50, 8 clients warm, self-weights, to llama.cpp",
        "self-weights",
        "llama.cpp",
        "8",
        first,
        1,
        least=False,
    )
    for when in warm_and_first(visits):
        ratio(f"tokens/s, {when} clients warm, to the bare loop", "oneself", BARE, when, rate, 0.9, least=True)
    if "oneself" in report.get("swap", {}):
        swap = report["swap"]["oneself"]
        goal("requests failed over the swaps", [swap["failed"]], 0, least=False, digits=0)
        goal(
            "largest gap at a swap, ms", [1000 * gap for gap in swap["gap_seconds"]], LIMIT_MS[0], least=False, digits=0
        )
    if "oneself" in report.get("prefill", {}):
        found = [1000 * report["prefill"]["oneself"]["gap_p99_s"]]
        goal("gap beside a long prompt, p99, ms", found, LIMIT_MS[1], least=False, digits=0)
    if "memory" in report and report["memory"]["mb_per_1000_requests"]:
        goal("MB per 1,000 requests, second half", [report["memory"]["mb_per_1000_requests"]["all"]], 0.5, least=False)
    return "## Goals\n\n" + table(["goal", "wanted", "measured", "reached"], rows) if rows else ""


def bursts(visits: Report) -> str:
    whens = warm_and_first(visits)
    head = ["", *("first burst" if when == "first" else f"{when} warm" for when in whens)]
    rates = [
        [name, *(spread(values(found, when, "tokens_per_second")) for when in whens)] for name, found in visits.items()
    ]
    firsts = [
        [name, *(spread(values(found, when, "first_p50_s"), 2) for when in whens)] for name, found in visits.items()
    ]
    cpu = [one.get("load_cpu_share", 0.0) for found in visits.values() for visit in found for one in visit.values()]
    return (
        f"## Tokens a second\n\n{table(head, rates)}\n\n## Seconds to the first token, p50\n\n{table(head, firsts)}\n\n"
        f"The clients took {100 * max(cpu, default=0):.0f} % of a core at most."
    )


def swaps(found: Report) -> str:
    head = [
        "ms",
        "swaps",
        "requests",
        "failed",
        "gap at a swap",
        "gap without a swap",
        "silence at a swap",
        "a swap takes",
    ]
    rows = [
        [
            name, one["swaps"], one["requests"], one["failed"],
            "cut off" if one["failed"] else spread(one["gap_seconds"], 0, 1000),
            spread(one["gap_without_swap_seconds"], 0, 1000), spread(one["silence_seconds"], 0, 1000),
            spread(one["swap_seconds"], 0, 1000),
        ]
        for name, one in found.items()
    ]  # fmt: skip
    return (
        f"## A new self under load\n\n{table(head, rows)}\n\nGap: between two tokens of one answer; silence: between two "
        "tokens of one client, whatever the answer. Of each swap the worst of eight clients. The rival is started again."
    )


def prefills(found: Report) -> str:
    head = ["ms", "prompt tokens", "gap p50", "p99", "max", "gap p50 before", "until its first token"]
    rows = [
        [
            name, round(statistics.median(one["prompt_tokens"])), *(f"{1000 * one[f'gap_{at}_s']:.0f}" for at in ("p50", "p99", "max")),
            f"{1000 * one['gap_p50_before_s']:.0f}", spread(one["prompt_seconds"], 0, 1000),
        ]
        for name, one in found.items()
    ]  # fmt: skip
    return f"## A long prompt beside four streams\n\n{table(head, rows)}"


def memory(found: Report) -> str:
    samples = found["resident_mb"]
    shown = samples[:: max(1, len(samples) // 5)]
    shown = shown if shown[-1] is samples[-1] else [*shown, samples[-1]]
    rows = [
        [name, *(f"{one[name]:.0f}" for one in shown), f"{found['mb_per_1000_requests'].get(name, float('nan')):+.2f}"]
        for name in ("server", "engine", "all")
    ]
    head = ["resident MB after", *(f"{one['requests']:,}" for one in shown), "per 1,000, second half"]
    return f"## Memory over short requests ({found['requests_per_second']:.0f} a second)\n\n{table(head, rows)}"


def overhead(found: Report) -> str:
    rows = [[name, f"{one['requests_per_second']:.0f}", f"{one['p50_ms']:.2f}"] for name, one in found.items()]
    return f"## HTTP over a scripted engine\n\n{table(['', 'requests/s', 'p50 ms'], rows)}"


def plot(report: Report, path: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    drawn = [name for name in ("bursts", "swap", "prefill", "memory") if name in report]
    panels = [name for name in ("rate", "first", *drawn) if name != "bursts" and (name in drawn or "bursts" in drawn)]
    if not panels:
        return
    rows = (len(panels) + 1) // 2
    figure, axes = pyplot.subplots(rows, min(2, len(panels)), figsize=(11, 4 * rows), squeeze=False)
    draw = {"rate": _rate, "first": _first, "swap": _swap, "prefill": _prefill, "memory": _memory}
    for name, axis in zip(panels, axes.flat, strict=False):
        draw[name](axis, report)
    for axis in axes.flat[len(panels) :]:
        axis.set_visible(False)
    figure.tight_layout()
    figure.savefig(path)


def _rate(axis: Any, report: Report) -> None:
    counts = [when for when in warm_and_first(report["bursts"]) if when != "first"]
    for name, visits in report["bursts"].items():
        drawn = [count for count in counts if values(visits, count, "tokens_per_second")]
        found = [values(visits, count, "tokens_per_second") for count in drawn]
        if drawn:
            axis.plot(drawn, [statistics.median(one) for one in found], marker="o", label=name)
            axis.fill_between(drawn, [min(one) for one in found], [max(one) for one in found], alpha=0.15)
    axis.set(xlabel="clients", ylabel="tokens a second", ylim=(0, None), title="All together, warm")
    if axis.lines:
        axis.legend()


def _first(axis: Any, report: Report) -> None:
    names = [name for name in report["bursts"] if name != BARE]
    for offset, (when, label) in enumerate((("first", "first burst"), ("8", "8 clients, warm"))):
        found = [values(report["bursts"][name], when, "first_p50_s") for name in names]
        middles = [statistics.median(one) if one else 0.0 for one in found]
        axis.barh([place + 0.4 * offset for place in range(len(names))], middles, height=0.38, label=label)
    axis.set_yticks([place + 0.2 for place in range(len(names))], names)
    axis.set(xlabel="seconds", title="Until the first token, p50")
    axis.legend()


def _swap(axis: Any, report: Report) -> None:
    for name, found in report["swap"].items():
        axis.plot(range(1, found["swaps"] + 1), [1000 * s for s in found["silence_seconds"]], marker="o", label=name)
    axis.axhline(LIMIT_MS[0], color="grey", linestyle=":")
    axis.set(xlabel="swap", ylabel="ms", yscale="log", title="Longest silence of any client at a swap")
    axis.legend()


def _prefill(axis: Any, report: Report) -> None:
    shares = range(101)
    for name, found in report["prefill"].items():
        axis.plot([1000 * percentile(found["gap_seconds"], share) for share in shares], shares, label=name)
    axis.axvline(LIMIT_MS[1], color="grey", linestyle=":")
    axis.set(xlabel="ms between two tokens", ylabel="% of the gaps", xscale="log", title="Beside a long prompt")
    axis.legend()


def _memory(axis: Any, report: Report) -> None:
    samples = report["memory"]["resident_mb"]
    for name in ("server", "engine", "all"):
        axis.plot([one["requests"] for one in samples], [one[name] for one in samples], label=name)
    axis.set(xlabel="requests", ylabel="resident MB", ylim=(0, None), title="Memory")
    axis.legend()
