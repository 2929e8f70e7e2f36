// The journeys, in the order of the navigation. `served(status)` says whether there is something to show; if not, the
// page says with which command there is. A journey that is large is imported on demand: `load` instead of `Component`.
import { S } from "../strings.js";
import { Answer } from "./answer.js";
import { ApiReference } from "./api_reference.js";
import { Learned } from "./learned.js";
import { Progress } from "./progress.js";
import { Search } from "./search.js";

const hasIndex = (status) => Boolean(status.index);

export const JOURNEYS = [
  { name: "search", Component: Search, served: hasIndex, hint: S.notServed.index, command: "likewise open FILE" },
  { name: "answer", Component: Answer, served: hasIndex, hint: S.notServed.index, command: "likewise open FILE" },
  { name: "map", load: () => import("./map.js").then(({ TextMap }) => TextMap), served: (status) => status.map, hint: S.notServed.map, command: "likewise map INDEX" },
  { name: "duplicates", load: () => import("./duplicates.js").then(({ Duplicates }) => Duplicates), served: (status) => status.duplicates, hint: S.notServed.duplicates, command: "likewise serve INDEX --duplicates STORE" },
  { name: "label", load: async () => (await import("./label.js")).Label, served: hasIndex, hint: S.notServed.label, command: "likewise serve INDEX" },
  { name: "recommend", load: async () => (await import("./recommend.js")).Recommend, served: (status) => status.recommender, hint: S.notServed.recommender, command: "likewise serve INDEX --recommender FOLDER" },
  { name: "learned", Component: Learned, served: () => true },
  { name: "progress", Component: Progress, served: (status) => status.jobs || status.job, hint: S.notServed.jobs, command: "likewise serve INDEX --data-folder FOLDER", aside: true },
  { name: "api", Component: ApiReference, served: () => true, aside: true },
].filter(({ Component, load }) => Component || load);
