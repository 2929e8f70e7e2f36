// Answer: the sentence that answers a question, in its passage, with a confidence; or that nothing here does.
import * as api from "../api.js";
import { Button, Empty, ErrorNote, Heading, Live, Loading, Marked, formatted, html, useEffect, useLoaded, useRef, useState } from "../parts.js";
import { S } from "../strings.js";

const T = S.answer;
const AROUND = 400; // characters of a passage on each side of the sentence

/** A passage around a sentence; offsets in code points. */
function Passage({ text, start, end }) {
  const points = Array.from(text);
  const [from, to] = [start > AROUND ? start - AROUND : 0, end + AROUND < points.length ? end + AROUND : points.length];
  return html`<p class="passage">${from > 0 && "… "}<${Marked} text=${points.slice(from, to).join("")} answer=${[start - from, end - from]} />${to < points.length && " …"}</p>`;
}

function Source({ id, columns, go }) {
  return html`<div class="source small soft">
    <span>${id}</span>
    ${Object.entries(columns ?? {}).filter(([, value]) => value !== null && String(value).length <= 60).map(([name, value]) => html`<span key=${name}>${name}: ${formatted(value, 4)}</span>`)}
    <${Button} kind="quiet" onClick=${() => go("search", { like: id })}>${S.search.like}<//>
  </div>`;
}

function Confidence({ value }) {
  return html`<p class="confidence"><meter min="0" max="1" value=${value} aria-label=${T.confidence}></meter><span>${T.sure(value)}</span></p>`;
}

export function Answer({ params, go }) {
  const question = (params.q ?? "").trim();
  const [typed, setTyped] = useState(question);
  const field = useRef(null);
  useEffect(() => setTyped(question), [question]);
  useEffect(() => field.current?.focus(), []);
  const { data, error, loading, reload } = useLoaded(question ? (signal) => api.post("/answer", { question }, { signal }) : null, [question]);
  const ask = (event) => (event.preventDefault(), typed.trim() && go("answer", { q: typed.trim() }));
  const [best, ...others] = data?.evidence ?? [];
  return html`<${Heading} title=${S.journeys.answer} lead=${T.lead} />
    <form class="question" onSubmit=${ask} role="search">
      <input ref=${field} class="query" type="search" value=${typed} placeholder=${T.placeholder} aria-label=${T.field} onInput=${(event) => setTyped(event.target.value)} autocomplete="off" enterkeyhint="go" />
      <${Button} kind="primary" type="submit">${T.ask}<//>
    </form>
    <${Live}>${loading || !data ? "" : data.found ? T.announced(data.answer) : T.nothing}<//>
    ${error && html`<${ErrorNote} error=${error} retry=${reload} />`}
    ${loading && !data && html`<${Loading} label=${T.measuring} lines=${5} />`}
    <div class=${loading ? "answered stale" : "answered"} aria-busy=${loading}>
      ${data && data.found && html`<article class="best">
        <blockquote dir="auto">${data.answer}</blockquote>
        <${Confidence} value=${data.confidence} />
        <h2>${T.passage}</h2>
        <${Passage} ...${best} />
        <${Source} ...${best} go=${go} />
      </article>`}
      ${data && !data.found && html`<div class="nothing">
        <h2>${T.nothing}</h2>
        <p class="soft">${best ? T.nothingHint : T.nothingAtAll}</p>
      </div>`}
      ${data && (data.found ? others : best ? [best, ...others] : []).length > 0 && html`<section>
        <h2>${data.found ? T.others : T.nearest}</h2>
        <ol>
          ${(data.found ? others : [best, ...others]).map((each) => html`<li key=${each.id}><${Passage} ...${each} /><${Source} ...${each} go=${go} /></li>`)}
        </ol>
      </section>`}
      ${!question && html`<${Empty} title=${T.empty}>${T.emptyHint}<//>`}
    </div>`;
}
