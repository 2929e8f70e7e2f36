"""Write docs/benchmarks.md and the headline table of the README from the recorded results.

python benchmarks/tables.py
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from figures import Cells, Lines, latest, middle, provenance, table
from record import RESULTS, ROOT

__all__ = ["headline", "latest", "page"]

PAGE, README = ROOT / "docs" / "benchmarks.md", ROOT / "README.md"
BEGIN, END = "<!-- headline -->", "<!-- end headline -->"
NAMES = {
    "askubuntu_dups": "AskUbuntu",
    "quora_pairs": "Quora",
    "abt_buy": "Abt-Buy",
    "xquad_en": "XQuAD",
    "stsb": "STS-B",
    "squad_sentences": "SQuAD sentences",
    "newsgroups20": "20 newsgroups",
    "banking77": "Banking77",
    "sst2": "SST-2",
    "imdb": "IMDb",
    "mr": "MR",
    "trec": "TREC",
    "subj": "SUBJ",
}
HEAD = """# Benchmarks

Written by `make docs` from the lines in `benchmarks/results`, each appended by the script named under its table, at the
commit given there; peers ran in the same process or on the same machine, taking turns. The best system is bold; small
figures are 95 % intervals, or the range over the seeds. No label was used for training or to choose a setting, except
where a page says so. Ratios travel between machines, absolute speeds do not: all ran on two cores of an AMD EPYC.
"""


def by_data(lines: Lines, systems: Sequence[str], inner: str | None = None, names: Mapping[str, str] = {}) -> Cells:
    """Systems as rows and data sets as columns."""
    cells: Cells = {}
    for line in lines:
        numbers = line["numbers"][inner] if inner else line["numbers"]
        data = line["configuration"]["data"]
        column = NAMES.get(data, data)
        for system in systems:
            if system in numbers:
                cells.setdefault(names.get(system, system), {})[column] = numbers[system]
    return cells


class Page:
    """The sections of docs/benchmarks.md, in order; one whose results are missing is left out."""

    def __init__(self, results: Path) -> None:
        self.results, self.parts = latest(results), [HEAD]

    def section(self, title: str, name: str, text: str, cells: Cells | None, note: str = "", **form: Any) -> None:
        """A question, what was done, the table and its provenance."""
        if cells:
            self.parts.append(
                f"## {title}\n\n{text}\n\n{table(cells, **form)}\n\n{provenance(name, self.results[name], note)}"
            )

    def lines(self, name: str) -> Lines:
        """The latest lines of a benchmark."""
        return self.results.get(name, [])


def quality(page: Page) -> None:
    """Search, answers, adapted and distilled encoders."""
    lines = page.lines("search_quality")
    systems = ["BM25 (bm25s)", "LSA 256", "all-MiniLM-L6-v2", "all-MiniLM-L6-v2 + BM25", "likewise, words"]
    systems += ["likewise, text", "likewise, vector", "likewise, single vectors", "likewise, hybrid"]
    page.section(
        "Search from scratch",
        "search_quality",
        "An encoder trained on the documents alone, in seconds to a minute, answers judged queries: nDCG@10, MRR@10 "
        "for AskUbuntu and XQuAD. all-MiniLM-L6-v2 was trained on a billion pairs.",
        by_data(lines, systems, names={"likewise, text": "likewise, words"}),
    )
    sizes = by_data(lines, ["seconds", "model MB", "index MB"])
    page.section(
        "What it costs", "search_quality", "Training on two cores, and sizes on disk.", sizes, form=",.0f", best=None
    )
    systems = ["BM25 (bm25s)", "LSA 256", "likewise, from scratch", "all-MiniLM-L6-v2"]
    cells = {
        system: {column: value["recall@100"] for column, value in row.items()}
        for system, row in by_data(page.lines("no_shared_words"), systems).items()
    }
    page.section(
        "Queries that share no word",
        "no_shared_words",
        "Recall@100 of the judged queries that share no content word with any document that answers them.",
        cells,
    )
    adapted = {
        "untouched": "MiniLM, untouched",
        "untouched + BM25": "MiniLM, untouched + BM25",
        "transformer": "MiniLM, adapted",
        "vector": "adapted + companion, vector",
        "hybrid": "adapted + companion, hybrid",
    }
    page.section(
        "A pretrained encoder, adapted without labels",
        "adapt",
        "all-MiniLM-L6-v2 adapted to the documents by "
        "`likewise train --encoder`, with a static companion encoder trained on the same documents.",
        by_data(
            [line for line in page.lines("adapt") if line["configuration"]["data"] != "stsb"],
            list(adapted),
            names=adapted,
        ),
    )
    distilled = {"teacher": "MiniLM, the teacher", "model2vec": "model2vec", "from scratch": "likewise, from scratch"}
    page.section(
        "Distilled into a static encoder",
        "distill",
        "Vector search by a static encoder distilled from MiniLM on the "
        "documents, some thousand times as fast as its teacher.",
        by_data(
            page.lines("distill"), [*distilled, "distilled"], names={**distilled, "distilled": "likewise, distilled"}
        ),
    )
    answers: Cells = {}
    for line in page.lines("answer"):
        data, numbers = NAMES[line["configuration"]["data"]], line["numbers"]
        for system, value in numbers.items():
            if " - " in system or system == "difference":
                continue
            if isinstance(value, Mapping) and "recall@1" in value:
                answers.setdefault(system, {}).update(
                    {"XQuAD, recall@1": value["recall@1"], "right sentence": value["sentence"]}
                )
            else:
                answers.setdefault(system, {})[f"{data}, MRR@10"] = value
    page.section(
        "Question answering",
        "answer",
        "The paragraph and the sentence that answer a question, and single sentences of SQuAD searched by question.",
        answers,
    )


def applications(page: Page) -> None:
    """Few labels, duplicates, recommendation."""
    systems = {
        "TF-IDF": "TF-IDF",
        "LSA 256": "LSA",
        "MiniLM": "MiniLM",
        "SetFit": "SetFit (MiniLM)",
        "likewise": "likewise",
        "likewise + unlabelled": "likewise + unlabelled texts",
        "likewise, MiniLM": "likewise on MiniLM",
    }
    cells: Cells = {}
    for line in page.lines("classify"):
        data = NAMES[line["configuration"]["data"]]
        for labels, values in line["numbers"].items():
            row = cells.setdefault(f"{data}, {labels.split()[0]}", {})
            row |= {name: 100 * middle(values[system]) for system, name in systems.items() if system in values}
    page.section(
        "Few labels",
        "classify",
        "Accuracy in percent, by data set and labels a class; the baselines with logistic "
        "regression; means over the draws.",
        cells,
        form=".1f",
        across=True,
    )
    systems = {
        "duplicates": "likewise duplicates",
        "cosine of the same encoder": "cosine of the same encoder",
        "tf-idf": "TF-IDF cosine",
        "minhash of words": "MinHash of words",
        "minilm": "MiniLM cosine",
    }
    lines = page.lines("duplicates")
    page.section(
        "Duplicate pairs",
        "duplicates",
        "Average precision on test pairs, without labels.",
        by_data(lines, list(systems), "average_precision", systems),
    )
    for line in page.lines("duplicates_speed"):
        cells = {name: {"seconds": value} for name, value in line["numbers"]["seconds"].items()}
        page.section(
            f"Duplicates among {line['configuration']['texts']:,} short texts",
            "duplicates_speed",
            "Seconds, without training the encoder.",
            cells,
            form=",.1f",
            best=min,
        )
    for line in page.lines("recommend"):
        metrics = ("HR@10", "nDCG@10", "Recall@50")
        rows = {system: {m: line["numbers"][m].get(system) for m in metrics} for system in line["numbers"]["HR@10"]}
        title = f"Recommendation: {line['configuration']['data'].split(';')[0]}"
        page.parts.append(
            f"## {title}\n\nMovieLens-small with film descriptions, {line['configuration']['users']} users.\n\n"
            f"{table(rows)}\n\n{provenance('recommend', [line])}"
        )


def speed(page: Page) -> None:
    """Throughput, latency and start-up."""
    for line in page.lines("encode"):
        rows = {name: {"texts/s": value} for name, value in line["numbers"]["texts_a_second"].items()}
        page.section(
            "Encoding, static",
            "encode",
            f"{line['configuration']['texts']:,} texts of ten tokens, 256 dimensions, from strings to vectors.",
            rows,
            form=",.0f",
        )
    for line in page.lines("train"):
        rows: Cells = {}
        for batch, numbers in line["numbers"].items():
            for name, value in numbers["pairs_a_second"].items():
                rows.setdefault(name, {})[f"{batch}, pairs/s"] = value
        page.section(
            "Training, static",
            "train",
            "100,000 pairs; the peer is StaticEmbedding with MultipleNegativesRankingLoss in "
            "sentence-transformers' trainer.",
            rows,
            form=",.0f",
            best=None,
        )
    for line in page.lines("encode_transformer"):
        rows = {name: {"texts/s": value} for name, value in line["numbers"]["texts_a_second"].items()}
        page.section(
            "Encoding, MiniLM",
            "encode_transformer",
            "Texts of 41 tokens; `apart` is sentence-transformers in an environment of its own.",
            rows,
            form=",.0f",
        )
    for line in page.lines("train_transformer"):
        rows = {}
        for precision, numbers in line["numbers"].items():
            for name, value in numbers["pairs_a_second"].items():
                rows.setdefault(name, {})[f"{precision}, pairs/s"] = value
        page.section("Training, MiniLM", "train_transformer", "Batches of 64 pairs.", rows, form=".1f")
    for line in page.lines("large_batch"):
        rows = {
            name: {"seconds": v["seconds"], "GiB": v["gibibytes"]}
            for name, v in line["numbers"].items()
            if isinstance(v, Mapping)
        }
        page.section(
            f"One batch of {line['configuration']['pairs']:,} pairs, MiniLM",
            "large_batch",
            "Gradient cache against CachedMultipleNegativesRankingLoss.",
            rows,
            form=".1f",
            best=min,
        )
    for line in page.lines("search_at_scale"):
        numbers = line["numbers"]
        rows = {
            mode: {"median ms": numbers[mode]["milliseconds, median"], "95 % ms": numbers[mode]["milliseconds, 95 %"]}
            for mode in ("text", "vector", "hybrid")
        }
        page.section(
            f"Search among {line['configuration']['texts']:,} sentences",
            "search_at_scale",
            f"Recall@10 against exact "
            f"search {numbers['recall@10']:.4f}; {numbers['gigabytes']:.1f} GB on disk, encoded and indexed in "
            f"{numbers['seconds']['index']:.0f} s.",
            rows,
            form=".1f",
            best=None,
        )
    for line in page.lines("startup"):
        rows = {name: {"seconds": value} for name, value in line["numbers"].items()}
        page.section("Start-up", "startup", "From the shell to the end of the process.", rows, form=".3f", best=None)
    for line in page.lines("scaling"):
        numbers = line["numbers"]
        rows = {
            what: {f"{int(size):,} texts": value for size, value in numbers[what]["microseconds_a_text"].items()}
            for what in ("train", "epoch", "encode")
        }
        page.section("Scaling", "scaling", "Microseconds a text.", rows, form=".1f", best=None)


def headline(results: Path) -> str:
    """The table at the top: a task a line, Likewise beside what people use today."""
    found = latest(results)
    rows = [("task", "Likewise", "instead of", "")]

    def numbers(name: str, data: str = "") -> Any:
        return next(
            (line["numbers"] for line in found.get(name, []) if line["configuration"].get("data", "") == data), None
        )

    if lines := found.get("search_quality"):
        mean = lambda system: sum(middle(line["numbers"][system]) for line in lines) / len(lines)  # noqa: E731
        sets = f"search, mean of {len(lines)} judged corpora"
        rows.append(
            (
                sets,
                f"{mean('likewise, hybrid'):.3f}",
                f"BM25 {mean('BM25 (bm25s)'):.3f}",
                f"MiniLM + BM25 {mean('all-MiniLM-L6-v2 + BM25'):.3f}",
            )
        )
    if few := numbers("classify", "imdb"):
        at = few["64 a class"]
        rows.append(
            (
                "sentiment from 64 labels a class, IMDb",
                f"{100 * middle(at['likewise + unlabelled']):.1f} %",
                f"TF-IDF {100 * middle(at['TF-IDF']):.1f} %",
                f"MiniLM {100 * middle(at['MiniLM']):.1f} %",
            )
        )
    if answer := numbers("answer", "xquad_en"):
        at = {name: middle(answer[name]["recall@1"]) for name in ("likewise", "BM25 (bm25s)", "all-MiniLM-L6-v2")}
        rows.append(
            (
                "the paragraph that answers, XQuAD",
                f"{at['likewise']:.3f}",
                f"BM25 {at['BM25 (bm25s)']:.3f}",
                f"MiniLM {at['all-MiniLM-L6-v2']:.3f}",
            )
        )
    if fast := numbers("encode"):
        at = {name: middle(value) for name, value in fast["texts_a_second"].items()}
        rows.append(
            (
                "encoding, texts a second",
                f"{at['likewise']:,.0f}",
                f"model2vec {at['model2vec']:,.0f}",
                f"sentence-transformers {at['sentence-transformers']:,.0f}",
            )
        )
    if fast := numbers("duplicates_speed"):
        at = {name: middle(value) for name, value in fast["seconds"].items()}
        rows.append(
            (
                "duplicates among a million short texts",
                f"{at['likewise']:.0f} s",
                f"SemHash {at['semhash']:.0f} s",
                f"datasketch {at['datasketch']:.0f} s",
            )
        )
    if fast := numbers("search_at_scale"):
        at = {mode: fast[mode]["milliseconds, median"] for mode in ("vector", "hybrid")}
        rows.append(
            ("search among a million sentences", f"{at['hybrid']:.0f} ms", "hybrid, exact to 0.9996", "no server")
        )
    first, *rest = rows
    lines = [
        f"| {' | '.join(first)} |",
        "|---|--:|---|---|",
        *(f"| {a} | **{b}** | {c} | {d} |" for a, b, c, d in rest),
    ]
    return "\n".join(lines) if rest else ""


def page(results: Path) -> str:
    """The whole of docs/benchmarks.md."""
    made = Page(results)
    if top := headline(results):
        made.parts.append(top + "\n")
    for part in (quality, applications, speed):
        part(made)
    if len(made.parts) == 1:
        made.parts.append("No run has been recorded yet: `make bench` records them.\n")
    return "\n".join(made.parts)


def with_headline(readme: str, results: Path) -> str:
    """The README with its headline table renewed."""
    before, _, rest = readme.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{headline(results)}\n\n{END}{after}" if rest else readme


def main() -> None:
    """Write the page and the README's table."""
    PAGE.write_text(page(RESULTS), encoding="utf-8")
    README.write_text(with_headline(README.read_text(encoding="utf-8"), RESULTS), encoding="utf-8")


if __name__ == "__main__":
    main()
