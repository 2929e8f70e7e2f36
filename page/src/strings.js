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
  search: {},
  answer: {},
  map: {},
  duplicates: {},
  label: {},
  recommend: {},
  learned: {},
  progress: {},
  api: {},
};
