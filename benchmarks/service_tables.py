"""The tables of the service and of the page."""

from typing import TYPE_CHECKING

from figures import Cells, middle

if TYPE_CHECKING:
    from tables import Page


def service(page: "Page") -> None:
    """Requests a second and latency over HTTP, faults, and an hour of load."""
    for line in page.lines("service"):
        for model, loads in line["numbers"].items():
            rows: Cells = {}
            for load, numbers in loads.items():
                own, peer = numbers["likewise"], numbers["sentence-transformers"]
                rows[load] = {
                    "requests/s": middle(own["requests/s"]), "peer": middle(peer["requests/s"]),
                    "times": numbers["ratio"]["requests/s"], "99 % ms": middle(own["99% ms"]),
                    "peer's": middle(peer["99% ms"]), "share": numbers["ratio"]["99% ms"],
                }  # fmt: skip
            page.section(
                f"Embeddings over HTTP, {model}", "service",
                "The server beside sentence-transformers behind plain FastAPI; both return the same vectors, "
                "as lists of numbers or in base64. Texts of a request, and connections.",
                rows, form=".2f", best=None,
            )  # fmt: skip
    for line in page.lines("service_search"):
        numbers, sizes = line["numbers"], line["configuration"]
        rows = {
            name: {"requests/s": numbers[name]["requests/s"], "median ms": numbers[name]["50% ms"],
                   "99 % ms": numbers[name]["99% ms"]}
            for name in ("alone", "with writes")
        }  # fmt: skip
        page.section(
            f"Search over HTTP among {sizes['texts']:,} sentences", "service_search",
            f"Hybrid, {sizes['clients']} clients; with writes, {numbers['writes/s']:.0f} texts a second are written "
            f"meanwhile. {numbers['acknowledged']:,} writes were acknowledged, {numbers['missing']} of their texts "
            f"missing, {numbers['refused writes']} refused.",
            rows, form=".1f", best=None,
        )  # fmt: skip
    for line in page.lines("service_soak"):
        kills, soak, sizes = line["numbers"]["kills"], line["numbers"]["soak"], line["configuration"]
        rows = {
            f"{kills['kills']} kills": {"acknowledged batches": kills["acknowledged"], "lost": kills["lost"]},
            f"{sizes['minutes']} minutes, {sizes['clients']} clients": {
                "calls": soak["calls"], "errors": soak["errors"], "resident MB": soak["megabytes"],
                "growth %": 100 * soak["growth"],
            },
        }  # fmt: skip
        page.section(
            "Kills and half an hour of load", "service_soak",
            "The server is killed while texts are written; then mixed calls, resident memory after the first five "
            "minutes: growth from the first to the last quarter.",
            rows, form=",.5g", best=None,
        )  # fmt: skip


def in_the_browser(page: "Page") -> None:
    """The page in Chromium without a graphics card."""
    for line in page.lines("open_file"):
        count = f"{line['configuration']['texts']:,}"
        rows: Cells = {f"{count} texts": line["numbers"]}
        page.section("From a file to a page", "open_file", "Seconds from the command.", rows, form=".1f", best=None)
    for line in page.lines("page_speed"):
        found, text_map, sizes = line["numbers"]["search"], line["numbers"]["map"], line["configuration"]
        points = f"{sizes['map_texts']:,} points"
        rows = {
            "address to first paint": found["first paint, ms"],
            f"key to results, {sizes['texts']:,} texts": found["results, ms"],
            f"address to map, {points}": {"median": text_map["first, ms"]},
            f"step of a zoom, {points}": text_map["step, ms"],
        }
        page.section(
            "The page", "page_speed",
            f"Milliseconds in Chromium without a graphics card, on the machine of the server. The search is "
            f"{found['kilobytes']:.0f} kB, and the map was computed in {text_map['made, s']:.0f} s.",
            rows, form=".0f", best=None,
        )  # fmt: skip
