"""Write docs/benchmarks.md and the headline table of the README from the recorded results.

python benchmarks/tables.py
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from figures import Cells, Lines, latest, middle, provenance, table
from record import RESULTS, ROOT

Results = Mapping[str, Lines]
Row = tuple[str, str, str, str]

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

    def speeds(self, line: Mapping[str, Any], title: str, text: str, inner: str, unit: str, **form: Any) -> None:
        """The figures under `inner` in a column, or one for each part of the numbers, such as a batch size."""
        numbers, sizes = line["numbers"], line["configuration"]
        cells: Cells = {}
        for part, figures in ({"": numbers} if inner in numbers else numbers).items():
            for system, value in figures[inner].items():
                cells.setdefault(system, {})[f"{part}, {unit}" if part else unit] = value
        self.section(title.format(**sizes), line["benchmark"], text.format(**sizes), cells, **form)

    def lines(self, name: str) -> Lines:
        """The latest lines of a benchmark."""
        return self.results.get(name, [])


def search(page: Page) -> None:
    """Search by an encoder trained from scratch."""
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


def encoders(page: Page) -> None:
    """Adapted and distilled encoders, and answers."""
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
    page.section(
        "Question answering",
        "answer",
        "The paragraph and the sentence that answer a question, and single sentences of SQuAD searched by question.",
        answer_cells(page),
    )


def answer_cells(page: Page) -> Cells:
    """Systems as rows, measures of the answers as columns."""
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
    return answers


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
        "Accuracy in percent, by data set and labels a class; the baselines with logistic regression; means over the "
        "draws.",
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
        title, text = "Duplicates among {texts:,} short texts", "Seconds, without training the encoder."
        page.speeds(line, title, text, "seconds", "seconds", form=",.1f", best=min)
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
    for name, title, text, inner, unit, form in (
        (
            "encode", "Encoding, static", "{texts:,} texts of ten tokens, 256 dimensions, from strings to vectors.",
            "texts_a_second", "texts/s", {"form": ",.0f"},
        ),
        (
            "train", "Training, static", "100,000 pairs; the peer is StaticEmbedding with MultipleNegativesRankingLoss "
            "in sentence-transformers' trainer.",
            "pairs_a_second", "pairs/s", {"form": ",.0f", "best": None},
        ),
        (
            "encode_transformer", "Encoding, MiniLM",
            "Texts of 41 tokens; `apart` is sentence-transformers in an environment of its own.",
            "texts_a_second", "texts/s", {"form": ",.0f"},
        ),
        (
            "train_transformer", "Training, MiniLM", "Batches of 64 pairs.",
            "pairs_a_second", "pairs/s", {"form": ".1f"},
        ),
    ):  # fmt: skip
        for line in page.lines(name):
            page.speeds(line, title, text, inner, unit, **form)
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


def scale(page: Page) -> None:
    """Latency at a million sentences, start-up, and how the time grows."""
    for line in page.lines("search_at_scale"):
        numbers = line["numbers"]
        rows: Cells = {
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
    rows = [*quality_rows(found), *speed_rows(found)]
    lines = ["| task | Likewise | instead of |  |", "|---|--:|---|---|"]
    lines += [f"| {task} | **{own}** | {other} | {third} |" for task, own, other, third in rows]
    return "\n".join(lines) if rows else ""


def numbers_of(found: Results, name: str, data: str = "") -> Any:
    """The numbers of the latest line of a benchmark on a data set; None if there is none."""
    lines = found.get(name, [])
    return next((line["numbers"] for line in lines if line["configuration"].get("data", "") == data), None)


def quality_rows(found: Results) -> Iterator[Row]:
    """Lines of the headline about quality."""
    if lines := found.get("search_quality"):
        mean = lambda system: sum(middle(line["numbers"][system]) for line in lines) / len(lines)  # noqa: E731
        yield (
            f"search, mean of {len(lines)} judged corpora",
            f"{mean('likewise, hybrid'):.3f}",
            f"BM25 {mean('BM25 (bm25s)'):.3f}",
            f"MiniLM + BM25 {mean('all-MiniLM-L6-v2 + BM25'):.3f}",
        )
    if few := numbers_of(found, "classify", "imdb"):
        at = few["64 a class"]
        yield (
            "sentiment from 64 labels a class, IMDb",
            f"{100 * middle(at['likewise + unlabelled']):.1f} %",
            f"TF-IDF {100 * middle(at['TF-IDF']):.1f} %",
            f"MiniLM {100 * middle(at['MiniLM']):.1f} %",
        )
    if answer := numbers_of(found, "answer", "xquad_en"):
        at = {name: middle(answer[name]["recall@1"]) for name in ("likewise", "BM25 (bm25s)", "all-MiniLM-L6-v2")}
        yield (
            "the paragraph that answers, XQuAD",
            f"{at['likewise']:.3f}",
            f"BM25 {at['BM25 (bm25s)']:.3f}",
            f"MiniLM {at['all-MiniLM-L6-v2']:.3f}",
        )


def speed_rows(found: Results) -> Iterator[Row]:
    """Lines of the headline about speed."""
    if fast := numbers_of(found, "encode"):
        at = {name: middle(value) for name, value in fast["texts_a_second"].items()}
        yield (
            "encoding, texts a second",
            f"{at['likewise']:,.0f}",
            f"model2vec {at['model2vec']:,.0f}",
            f"sentence-transformers {at['sentence-transformers']:,.0f}",
        )
    if fast := numbers_of(found, "duplicates_speed"):
        at = {name: middle(value) for name, value in fast["seconds"].items()}
        yield (
            "duplicates among a million short texts",
            f"{at['likewise']:.0f} s",
            f"SemHash {at['semhash']:.0f} s",
            f"datasketch {at['datasketch']:.0f} s",
        )
    if fast := numbers_of(found, "search_at_scale"):
        milliseconds = fast["hybrid"]["milliseconds, median"]
        recall = f"hybrid, exact to {fast['recall@10']:.4f}"
        yield ("search among a million sentences", f"{milliseconds:.0f} ms", recall, "no server")


def page(results: Path) -> str:
    """The whole of docs/benchmarks.md."""
    made = Page(results)
    if top := headline(results):
        made.parts.append(top + "\n")
    for part in (search, encoders, applications, speed, scale):
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
