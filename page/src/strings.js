// Everything that a person reads on the page, in English. A journey has one section.

const number = (value, digits = 0) => value.toLocaleString("en", { maximumFractionDigits: digits });
const counted = (count, one, many) => `${number(count)} ${count === 1 ? one : many}`;

export const S = {
  name: "Likewise",
  skip: "Skip to the content",
  menu: "Journeys",
  loading: "Loading …",
  retry: "Try again",
  close: "Close",
  cancel: "Cancel",
  copy: "Copy",
  copied: "Copied",
  texts: (count) => counted(count, "text", "texts"),
  errors: {
    unreachable: "The server does not answer. Is it still running?",
    status: (status) => `The server answered with status ${status} and did not say why.`,
    unknown: "There is no such page.",
    unknownHint: "Choose another one above.",
  },
  key: {
    title: "This server needs a key",
    field: "Key",
    hint: "Whoever runs the server has one for you. It is kept until this tab is closed.",
    enter: "Continue",
    forget: "Forget the key",
  },
  job: { running: (kind) => `${kind} is running`, show: "Show progress" },
  score: {
    label: (meaning, words) => {
      if (meaning === null || meaning === undefined) return "words";
      if (words === null || words === undefined) return "meaning";
      if (words < 0.15 * (meaning + words)) return "meaning";
      if (meaning < 0.15 * (meaning + words)) return "words";
      return meaning >= words ? "meaning and words" : "words and meaning";
    },
    detail: (meaning, words) =>
      [
        meaning === null || meaning === undefined ? "" : `meaning ${number(meaning, 2)}`,
        words === null || words === undefined ? "" : `words ${number(words, 2)}`,
      ].filter(Boolean).join(", "),
  },
  journeys: {
    search: "Search",
    answer: "Answer",
    map: "Map",
    duplicates: "Duplicates",
    label: "Label",
    recommend: "Recommend",
    learned: "Learned",
    progress: "Progress",
    api: "API",
  },
  notServed: {
    title: (what) => `${what} is not served`,
    index: "There is no index here yet. Start the server with one.",
    classifier: "Start the server with a classifier, or with an index to label.",
    recommender: "Start the server with a recommender.",
    duplicates: "Start the server with a store of texts that were searched for duplicates.",
    map: "The map of an index is made once, beside it.",
    jobs: "Start the server with a folder for the data and the results of jobs.",
  },
  search: {
    field: "Search",
    placeholder: (count) => `Search ${counted(count, "text", "texts")}`,
    keys: "Arrow keys move through the results, Enter shows a whole text, L finds more like it, Escape returns to this field.",
    mode: "Search by",
    modes: { hybrid: "Both", vector: "Meaning", text: "Words" },
    modeHints: { hybrid: "By meaning and by words", vector: "By meaning alone", text: "By words alone (BM25)" },
    filters: "Filters",
    results: "Results",
    found: (count, milliseconds) => `${count === 0 ? "Nothing found" : `The best ${number(count)}`} in ${number(Math.max(1, milliseconds))} ms`,
    browsing: (count, all) => `${number(count)} of ${counted(all, "text", "texts")}, in the order of the index`,
    value: (value) => (value === null ? "no value" : value === true ? "yes" : value === false ? "no" : typeof value === "number" ? number(value, 4) : String(value)),
    from: "from",
    to: "to",
    bound: (name, side) => `${name}, ${side}`,
    all: (shown, count) => (shown ? "Show fewer" : `Show all ${number(count)}`),
    allOf: (shown, name) => (shown ? `Show fewer values of ${name}` : `Show all values of ${name}`),
    where: "Condition",
    whereHint: "price < 10 and not sold = true",
    clear: "Clear all filters",
    hit: (id) => `Text ${id}`,
    like: "More like this",
    likeOf: (id) => `Texts like ${id}`,
    back: "Back to the search",
    whole: "Show all",
    less: "Show less",
    export: "Save as",
    exportAs: (kind) => `Save these results as ${kind}`,
    file: "results",
    none: "Nothing found",
    noneHint: "No text has a word or a meaning in common with that. Try other words, or search by meaning.",
    noneFiltered: "Nothing found with these filters",
    noneFilteredHint: "Remove a filter to see more.",
    more: "Show more",
  },
  answer: {},
  map: {},
  duplicates: {},
  label: {},
  recommend: {},
  learned: {},
  progress: {},
  api: {},
};
