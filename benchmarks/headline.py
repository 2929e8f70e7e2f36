"""The table at the top of the README: a task a line, Likewise beside what people use today."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from figures import Lines, in_english, latest, middle

Results = Mapping[str, Lines]
Row = tuple[str, str, str, str]
BEGIN, END = "<!-- headline -->", "<!-- end headline -->"


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
    if lines := in_english(found.get("search_quality", [])):
        mean = lambda system: sum(middle(line["numbers"][system]) for line in lines) / len(lines)  # noqa: E731
        yield (
            f"search, mean of {len(lines)} judged corpora in English",
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
        systems = ("likewise", "BM25 (bm25s)", "all-MiniLM-L6-v2")
        at = {name: 100 * middle(answer[name]["answered at 5 % false"]) for name in systems}
        yield (
            "questions answered, at 5 % false answers, XQuAD",
            f"{at['likewise']:.0f} %",
            f"BM25 {at['BM25 (bm25s)']:.0f} %",
            f"MiniLM {at['all-MiniLM-L6-v2']:.0f} %",
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


def with_headline(readme: str, results: Path) -> str:
    """The README with its headline table renewed."""
    before, _, rest = readme.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{headline(results)}\n\n{END}{after}" if rest else readme
