// The shell: navigation, the route in the address, the status of the server, and the key when the server needs one.
import { render } from "preact";
import * as api from "./api.js";
import { JOURNEYS } from "./journeys/index.js";
import { Button, Dialog, Empty, ErrorNote, Field, Loading, html, useCallback, useEffect, useLoaded, useRef, useState } from "./parts.js";
import { S } from "./strings.js";
import "./style.css";

/** `#/search?q=red` as { name: "search", params: { q: "red" } }. */
function readRoute() {
  const [path, query = ""] = location.hash.replace(/^#\/?/, "").split(/\?(.*)/s);
  return { name: path || JOURNEYS[0].name, params: Object.fromEntries(new URLSearchParams(query)) };
}

function addressOf(name, params = {}) {
  return `#${api.withQuery(`/${name}`, params)}`;
}

function useRoute() {
  const [route, setRoute] = useState(readRoute);
  useEffect(() => {
    const changed = () => setRoute(readRoute());
    addEventListener("popstate", changed);
    addEventListener("hashchange", changed);
    return () => (removeEventListener("popstate", changed), removeEventListener("hashchange", changed));
  }, []);
  /** Go to a journey with parameters; `replace` for what is not worth a step back, such as each letter typed. */
  const go = useCallback((name, params, { replace = false } = {}) => {
    history[replace ? "replaceState" : "pushState"](null, "", addressOf(name, params));
    setRoute(readRoute());
  }, []);
  return [route, go];
}

function Navigation({ current, status, onKey }) {
  const link = ({ name }) => html`<a key=${name} href=${addressOf(name)} aria-current=${name === current ? "page" : null}>${S.journeys[name]}</a>`;
  const strip = useRef(null);
  useEffect(() => {
    strip.current?.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [current]);
  return html`<header class="top">
    <a class="skip" href="#content" onClick=${(event) => (event.preventDefault(), document.querySelector("main").focus())}>${S.skip}</a>
    <a class="brand" href=${addressOf(JOURNEYS[0].name)}>
      <svg viewBox="0 0 32 24" aria-hidden="true"><circle cx="11" cy="12" r="9" /><circle cx="21" cy="12" r="9" /></svg>
      <span>${S.name}</span>
    </a>
    <nav aria-label=${S.menu} ref=${strip}>
      ${JOURNEYS.filter(({ aside }) => !aside).map(link)}
      <span class="gap"></span>
      ${JOURNEYS.filter(({ aside }) => aside).map(link)}
    </nav>
    <div class="served">
      ${status && html`<span title=${status.name}>${status.name}</span>`}
      ${status?.access.keys && api.hasKey() && html`<${Button} kind="quiet" onClick=${onKey}>${S.key.forget}<//>`}
    </div>
  </header>`;
}

/** Asks for the key as soon as a request needs one; all requests that wait for it go on together. */
function KeyDialog() {
  const [why, setWhy] = useState(null);
  const resolve = useRef(null);
  useEffect(() => {
    api.onKeyNeeded((reason) => {
      setWhy(reason);
      return new Promise((given) => (resolve.current = given));
    });
  }, []);
  const end = (given) => (resolve.current?.(given), (resolve.current = null), setWhy(null));
  const enter = (event) => {
    event.preventDefault();
    api.setKey(new FormData(event.target).get("key").trim());
    end(true);
  };
  return html`<${Dialog} open=${why !== null} title=${S.key.title} onClose=${() => end(false)}>
    <form onSubmit=${enter}>
      <p>${why}</p>
      <${Field} label=${S.key.field} hint=${S.key.hint} wide>
        <input type="password" name="key" required autocomplete="off" spellcheck=${false} autofocus />
      <//>
      <div class="actions"><${Button} kind="primary" type="submit">${S.key.enter}<//></div>
    </form>
  <//>`;
}

/** A journey that is in a file of its own. */
function OnDemand({ load, ...rest }) {
  const { data, error, reload } = useLoaded(load, [load]);
  if (error) return html`<${ErrorNote} error=${error} retry=${reload} />`;
  return data ? html`<${data} ...${rest} />` : html`<${Loading} />`;
}

function Journey({ route, status, go, refresh }) {
  const journey = JOURNEYS.find(({ name }) => name === route.name);
  if (!journey) return html`<${Empty} whole title=${S.errors.unknown}>${S.errors.unknownHint}<//>`;
  if (!status.access.read) return html`<${Empty} whole title=${S.key.title}><${Button} kind="primary" onClick=${refresh}>${S.key.give}<//><//>`;
  const { name, Component, load, served, hint, command } = journey;
  if (!served(status)) return html`<${Empty} whole title=${S.notServed.title(S.journeys[name])} command=${command}>${hint}<//>`;
  return html`<${Component ?? OnDemand} key=${name} load=${load} status=${status} params=${route.params} go=${go} refresh=${refresh} />`;
}

/** What the server has; it says little to whom it does not know. */
async function readStatus(signal) {
  for (;;) {
    const status = await api.get("/status", { signal });
    if (status.access.read || !(await api.needKey(S.key.why))) return status;
  }
}

function Page() {
  const [route, go] = useRoute();
  const { data: status, error, reload } = useLoaded(readStatus, []);
  useEffect(() => {
    document.title = `${S.journeys[route.name] ?? S.name} · ${status?.name ?? S.name}`;
  }, [route.name, status]);
  // After a change of journey a screen reader begins at its heading. Typing in a field is never interrupted.
  const last = useRef(route.name);
  useEffect(() => {
    if (last.current !== route.name) {
      scrollTo(0, 0);
      if (!document.activeElement?.closest("main")) document.querySelector("main h1")?.focus({ preventScroll: true });
    }
    last.current = route.name;
  }, [route.name]);
  const job = status?.job;
  return html`<${Navigation} current=${route.name} status=${status} onKey=${() => (api.setKey(""), location.reload())} />
    ${job && route.name !== "progress" && html`<div class="job" role="status"><span>${S.job.running(job.kind)}</span> <a href="#/progress">${S.job.show}</a></div>`}
    <main id="content" class=${route.name} tabindex="-1">
      ${status ? html`<${Journey} route=${route} status=${status} go=${go} refresh=${reload} />` : error ? null : html`<${Loading} />`}
      <${ErrorNote} error=${status ? null : error} retry=${reload} />
    </main>
    <${KeyDialog} />`;
}

render(html`<${Page} />`, document.getElementById("page"));
