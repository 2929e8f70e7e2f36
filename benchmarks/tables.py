"""Write docs/benchmarks.md and the headline table of the README from the recorded results.

python benchmarks/tables.py
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from answer_cells import answer_cells, confidence_cells, searched_cells
from compare_cells import compare_cells
from duplicate_cells import column_cells, precision_cells
from figures import Cells, Lines, in_english, latest, middle, provenance, table
from headline import headline, with_headline
from label_cells import label_sections
from record import RESULTS, ROOT
from service_tables import in_the_browser, service

PAGE, README = ROOT / "docs" / "benchmarks.md", ROOT / "README.md"
NAMES = {
    "askubuntu_dups": "AskUbuntu", "quora_pairs": "Quora", "abt_buy": "Abt-Buy", "xquad_en": "XQuAD",
    "xquad_de": "XQuAD in German", "xquad_es": "XQuAD in Spanish", "xquad_hi": "XQuAD in Hindi",
    "xquad_tr": "XQuAD in Turkish", "xquad_zh": "XQuAD in Chinese",
    "cmrc2018": "CMRC 2018 (Chinese)", "piaf": "PIAF (French)", "conala": "CoNaLa", "tquad": "TQuAD (Turkish)",
    "arabic_qa": "three Arabic sets", "stsb": "STS-B",
    "squad_sentences": "SQuAD sentences", "newsgroups20": "20 newsgroups", "banking77": "Banking77", "sst2": "SST-2",
    "imdb": "IMDb", "mr": "MR", "trec": "TREC", "subj": "SUBJ", "loghub_hadoop": "Hadoop's log",
    "tickets_de": "German tickets", "stackoverflow_titles": "Stack Overflow", "flickr8k_captions": "captions",
}  # fmt: skip
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
        by_data(in_english(lines), systems, names={"likewise, text": "likewise, words"}),
    )
    page.section(
        "Search from scratch in other languages",
        "search_quality",
        "nDCG@10; CoNaLa is code. bm25s gets pairs of Chinese characters, and cuts Hindi words at their vowel signs.",
        by_data(in_english(lines, english=False), systems),
    )
    sizes = by_data(in_english(lines), ["seconds", "model MB", "index MB"])
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
    page.section(
        "Comparing encoders without labels",
        "compare",
        "`likewise compare` on the documents alone, and nDCG@10 of the same encoders by vector: Spearman's "
        "correlation, and by how much the encoder with the best score is below the best one. Nine encoders: static by "
        "three recipes, MiniLM, MiniLM with a companion, BM25, TF-IDF, LSA, untrained; then those alone that know "
        "nothing of MiniLM.",
        compare_cells(page.lines("compare"), NAMES),
        form=".2f",
        best=None,
    )


def static_queries(page: Page) -> None:
    """Queries by a student of the transformer."""
    page.section(
        "Queries without the transformer",
        "static_queries",
        "`likewise train --encoder --queries static` with all-MiniLM-L6-v2: documents are encoded by the transformer, "
        "queries by it or by its static student.",
        by_data(
            page.lines("static_queries"),
            ["transformer, vector", "static, vector", "transformer, hybrid", "static, hybrid"],
        ),
    )


def encoders(page: Page) -> None:
    """Adapted and distilled encoders, and answers."""
    adapted = {
        "untouched": "MiniLM, untouched",
        "untouched + BM25": "MiniLM, untouched + BM25",
        "companion, vector": "MiniLM + companion, vector",
        "companion, hybrid": "MiniLM + companion, hybrid",
        "adapted": "MiniLM, adapted",
        "adapted, hybrid": "adapted + companion, hybrid",
    }
    page.section(
        "A pretrained encoder with a companion",
        "adapt",
        "`likewise train --encoder` with all-MiniLM-L6-v2: a static companion is trained on the documents. Adapted: "
        "MiniLM is trained on them too, for 60 steps, with one seed.",
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
        "The share of 600 questions whose paragraph is found first, and whose chosen sentence is right; how many are "
        "answered where 5 % of the questions without an answer are, and the area under that curve; the same shares by "
        "the default threshold; and how far the confidence is from the share of right answers. Of MiniLM and BM25 the "
        "score of the sentence is the confidence. Which evidence counts was settled with the labels of these sets in "
        "view ([answers](experiments.md#answers)).",
        answer_cells(page.lines("answer"), NAMES),
        best=None,
    )
    page.section(
        "Confidence of answers",
        "answer",
        "The confidence that was stated, by its tenths, and the share of answers that were right, over all these sets, "
        "with as many questions that nothing answers.",
        confidence_cells(page.lines("answer")),
        best=None,
    )
    page.section(
        "Sentences that answer",
        "answer",
        "Single sentences of SQuAD, searched by question.",
        searched_cells(page.lines("answer")),
    )


def applications(page: Page) -> None:
    """Few labels, duplicates, recommendation."""
    label_sections(page, NAMES)
    duplicates(page)
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


def duplicates(page: Page) -> None:
    """Average precision of pairs, and the precision of what is found."""
    systems = {
        "duplicates": "likewise duplicates",
        "cosine of the same encoder": "cosine of the same encoder",
        "tf-idf": "TF-IDF cosine",
        "tf-idf of characters": "TF-IDF cosine of characters",
        "cosine + characters": "the two encoder and character cosines, added",
        "minhash of words": "MinHash of words",
        "minilm": "MiniLM cosine",
    }
    lines = page.lines("duplicates")
    cells = by_data(lines, list(systems), "average_precision", systems)
    for row in cells.values():
        row["mean"] = sum(map(middle, row.values())) / len(row)
    page.section("Duplicate pairs", "duplicates", "Average precision on test pairs, without labels.", cells)
    page.section(
        "Asked and true precision",
        "duplicates",
        "Of pairs found at a precision, the share that people called duplicates, by the estimate without labels and "
        "after thirty answers that the labels gave, without these; the mean of thirty draws where at least 20 pairs "
        "are found, its mean distance to what was asked for, and how often the true share is in the interval.",
        precision_cells(lines, NAMES),
        best=None,
    )
    page.section(
        "Records of several columns",
        "duplicate_columns",
        "Products of two shops (Abt-Buy) and made customers with households, few of them in files of 180:"
        " average precision of all true pairs among the same pairs compared; true precision and recall at an "
        "estimated precision of 0.99, 0.9 and 0.8.",
        column_cells(page.lines("duplicate_columns"), NAMES),
        best=None,
    )


def speed(page: Page) -> None:
    """Throughput, latency and start-up."""
    for name, title, text, inner, unit, form in (
        (
            "encode", "Encoding, static",
            "{texts:,} texts of ten tokens, 256 dimensions if not all, from strings to vectors.",
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


def page(results: Path) -> str:
    """The whole of docs/benchmarks.md."""
    made = Page(results)
    if top := headline(results):
        made.parts.append(top + "\n")
    for part in (search, static_queries, encoders, applications, speed, scale, service, in_the_browser):
        part(made)
    if len(made.parts) == 1:
        made.parts.append("No run has been recorded yet: `make bench` records them.\n")
    return "\n".join(made.parts)


def main() -> None:
    """Write the page and the README's table."""
    PAGE.write_text(page(RESULTS), encoding="utf-8")
    README.write_text(with_headline(README.read_text(encoding="utf-8"), RESULTS), encoding="utf-8")


if __name__ == "__main__":
    main()
