// The parts of which every journey is built, so that all of them look and behave alike.
import htm from "htm";
import { h } from "preact";
import { useCallback, useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { S } from "./strings.js";

export const html = htm.bind(h);
export { useCallback, useEffect, useId, useLayoutEffect, useMemo, useRef, useState };

// Hooks -----------------------------------------------------------------------------------------------------------

/** A value that follows another after it has not changed for so long. */
export function useDebounced(value, milliseconds) {
  const [held, setHeld] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setHeld(value), milliseconds);
    return () => clearTimeout(timer);
  }, [value, milliseconds]);
  return held;
}

/** Loads on every change of `inputs`. An answer that comes after the next question is dropped; the last one stays
 * while the next is loading, so that nothing jumps. `load` gets a signal, or is null when there is nothing to load. */
export function useLoaded(load, inputs) {
  const [state, setState] = useState({ data: null, error: null, loading: Boolean(load) });
  const [again, setAgain] = useState(0);
  useEffect(() => {
    if (!load) {
      setState({ data: null, error: null, loading: false });
      return undefined;
    }
    const controller = new AbortController();
    const set = (next) => controller.signal.aborted || setState(next);
    setState((last) => ({ ...last, loading: true }));
    load(controller.signal).then(
      (data) => set({ data, error: null, loading: false }),
      (error) => set((last) => ({ data: last.data, error, loading: false })),
    );
    return () => controller.abort();
  }, [...inputs, again]);
  return { ...state, reload: useCallback(() => setAgain((n) => n + 1), []) };
}

/** Calls `act` on keys pressed outside of fields: { j: next, k: previous }. */
export function useKeys(actions) {
  const latest = useRef(actions);
  latest.current = actions;
  useEffect(() => {
    const pressed = (event) => {
      const field = event.target.closest?.("input, textarea, select, [contenteditable], dialog");
      // Radio buttons and boxes take arrows and the space bar, but no letters.
      const choosing = field?.matches('[type="radio"], [type="checkbox"]') && !field.closest("dialog") && /^\S$/.test(event.key);
      if ((field && !choosing) || event.ctrlKey || event.metaKey || event.altKey) return;
      const act = latest.current[event.key];
      if (act && act(event) !== false) event.preventDefault();
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, []);
}

// Buttons and fields ------------------------------------------------------------------------------------------------

/** kind: "primary", "plain" (default), "quiet". A busy button keeps its width and cannot be pressed. */
export function Button({ kind = "plain", busy = false, type = "button", children, ...rest }) {
  return html`<button type=${type} class=${`button ${kind}`} aria-busy=${busy} disabled=${busy || rest.disabled} ...${rest}>
    ${children}
  </button>`;
}

export function Field({ label, hint, children, wide = false }) {
  return html`<label class=${wide ? "field wide" : "field"}>
    <span class="label">${label}</span>${children}${hint && html`<span class="hint">${hint}</span>`}
  </label>`;
}

/** One of a few: radio buttons that look like one control. options: [[value, label, hint]]. */
export function Choice({ label, options, value, onChange }) {
  const name = useId();
  return html`<fieldset class="choice">
    <legend class="unseen">${label}</legend>
    ${options.map(
      ([each, text, hint]) => html`<label key=${each} title=${hint}>
        <input type="radio" name=${name} checked=${each === value} onChange=${() => onChange(each)} /><span>${text}</span>
      </label>`,
    )}
  </fieldset>`;
}

/** A native modal dialog; Escape and the cross close it. */
export function Dialog({ open, title, onClose, children }) {
  const element = useRef(null);
  const ours = useRef(false); // whether it closes because `open` changed, and not because a person closed it
  const id = useId();
  useEffect(() => {
    if (open && !element.current.open) element.current.showModal();
    if (!open && element.current.open) {
      ours.current = true;
      element.current.close();
    }
  }, [open]);
  const closed = () => (ours.current ? (ours.current = false) : onClose());
  return html`<dialog ref=${element} aria-labelledby=${id} onClose=${closed}>
    ${open &&
    html`<div class="dialog">
      <header>
        <h2 id=${id}>${title}</h2>
        <button type="button" class="button quiet icon" aria-label=${S.close} onClick=${onClose}>✕</button>
      </header>
      ${children}
    </div>`}
  </dialog>`;
}

// What a page says --------------------------------------------------------------------------------------------------

export function Heading({ title, lead, children }) {
  return html`<div class="heading">
    <div>
      <h1 tabindex="-1">${title}</h1>
      ${lead && html`<p class="lead">${lead}</p>`}
    </div>
    ${children && html`<div class="actions">${children}</div>`}
  </div>`;
}

/** Nothing to show, and what to do about it; `whole` where the page has no other heading. */
export function Empty({ title, children, command, whole = false }) {
  return html`<div class="empty">
    <svg viewBox="0 0 48 32" aria-hidden="true"><circle cx="18" cy="16" r="13" /><circle cx="30" cy="16" r="13" /></svg>
    ${whole ? html`<h1 tabindex="-1">${title}</h1>` : html`<h2>${title}</h2>`}
    ${children && html`<p>${children}</p>`}
    ${command && html`<${Command} text=${command} />`}
  </div>`;
}

/** Appears after a moment, so that what is quick does not flicker. `lines` reserves the place of what comes. */
export function Loading({ label = S.loading, lines = 0 }) {
  return html`<div class="loading" role="status">
    <span class=${lines ? "unseen" : ""}>${label}</span>
    ${Array.from({ length: lines }, (_, n) => html`<div key=${n} class="line" aria-hidden="true"></div>`)}
  </div>`;
}

export function ErrorNote({ error, retry }) {
  if (!error) return null;
  return html`<div class="note bad" role="alert">
    <p>${error.message}</p>
    ${retry && html`<${Button} onClick=${retry}>${S.retry}<//>`}
  </div>`;
}

export const Note = ({ children, kind = "" }) => html`<div class=${`note ${kind}`}><div>${children}</div></div>`;

/** What a screen reader says when it changes, without a place on the screen. */
export const Live = ({ children }) => html`<p class="unseen" role="status" aria-live="polite">${children}</p>`;

/** A command line, to copy. */
export function Command({ text }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
    setTimeout(() => setCopied(false), 2000);
  };
  return html`<div class="command">
    <code tabindex="0">${text}</code>
    ${navigator.clipboard && html`<button type="button" class="button quiet" onClick=${copy}>${copied ? S.copied : S.copy}</button>`}
  </div>`;
}

export function Progress({ value, max, label }) {
  return html`<div class="progress-bar">
    <progress value=${value ?? undefined} max=${max ?? 1} aria-label=${label}></progress><span>${label}</span>
  </div>`;
}

/** columns: [[title, row => cell, "number"?]]. */
export function Table({ caption, columns, rows, keyOf }) {
  return html`<div class="scroll" tabindex="0" role="group" aria-label=${caption}>
    <table>
      <caption class="unseen">${caption}</caption>
      <thead>
        <tr>${columns.map(([title, , kind]) => html`<th key=${title} scope="col" class=${kind}>${title}</th>`)}</tr>
      </thead>
      <tbody>
        ${rows.map((row, n) => html`<tr key=${keyOf ? keyOf(row) : n}>
          ${columns.map(([title, cell, kind]) => html`<td key=${title} class=${kind}>${cell(row, n)}</td>`)}
        </tr>`)}
      </tbody>
    </table>
  </div>`;
}

// Text --------------------------------------------------------------------------------------------------------------

/** A text with parts marked. Offsets count code points, as the API's do: `matches` are [[start, end]] of words,
 * `answer` is [start, end] of a sentence or null. */
export function Marked({ text, matches = [], answer = null }) {
  const points = Array.from(text);
  const words = (from, to) => {
    const parts = [];
    let at = from;
    for (const [start, end] of matches) {
      if (end <= at || start >= to) continue;
      const [begin, stop] = [Math.max(start, at), Math.min(end, to)];
      parts.push(points.slice(at, begin).join(""), html`<mark key=${begin}>${points.slice(begin, stop).join("")}</mark>`);
      at = stop;
    }
    return [...parts, points.slice(at, to).join("")];
  };
  if (!answer) return html`<span class="marked" dir="auto">${words(0, points.length)}</span>`;
  const [start, end] = answer;
  return html`<span class="marked" dir="auto"
    >${words(0, start)}<span class="sentence">${words(start, end)}</span>${words(end, points.length)}</span
  >`;
}

/** Why something was found: the shares of meaning and of words, as one bar and in words. */
export function ScoreBar({ meaning, words }) {
  const [m, w] = [Math.max(0, meaning ?? 0), Math.max(0, words ?? 0)];
  const label = S.score.label(meaning, words);
  return html`<span class="why">
    <svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
      <rect class="rest" width="100" height="8" />
      <rect class="meaning" width=${Math.min(100, 100 * m)} height="8" />
      <rect class="words" x=${Math.min(100, 100 * m)} width=${Math.max(0, Math.min(100 - 100 * m, 100 * w))} height="8" />
    </svg>
    <span title=${S.score.detail(meaning, words)}>${label}</span>
  </span>`;
}

export const formatted = (value, digits = 0) =>
  typeof value === "number" ? value.toLocaleString("en", { maximumFractionDigits: digits }) : String(value ?? "");

// Files -------------------------------------------------------------------------------------------------------------

/** Gives the browser a file to save. */
export function download(name, type, text) {
  const address = URL.createObjectURL(new Blob([text], { type }));
  const link = Object.assign(document.createElement("a"), { href: address, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** Rows as CSV. A cell that a spreadsheet would run as a formula begins with an apostrophe. */
export function csv(columns, rows) {
  const cell = (value) => {
    if (value === null || value === undefined) return "";
    let text = typeof value === "string" ? value : String(value);
    if (typeof value === "string" && /^[=+\-@\t\r]/.test(text)) text = `'${text}`;
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [columns, ...rows.map((row) => columns.map((name) => row[name]))].map((row) => `${row.map(cell).join(",")}\r\n`).join("");
}

/** Rows as one JSON object a line. */
export const jsonLines = (rows) => rows.map((row) => `${JSON.stringify(row)}\n`).join("");
