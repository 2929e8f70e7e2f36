// The API, from the description that the server gives of itself: operations, what they take and return, curl lines.
import * as api from "../api.js";
import { Button, Command, ErrorNote, Heading, Loading, Table, html, useLoaded, useRef } from "../parts.js";
import { S } from "../strings.js";

const T = S.api;

/** A schema by its name, `#/components/schemas/Name`. */
const resolved = (schema, document) => {
  const found = schema?.$ref ? document.components.schemas[schema.$ref.split("/").pop()] : schema;
  return found ?? {};
};

function typeOf(schema) {
  if (!schema || !Object.keys(schema).length) return T.any;
  if (schema.$ref) return schema.$ref.split("/").pop();
  if (schema.enum) return schema.enum.map((each) => JSON.stringify(each)).join(" | ");
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  const several = schema.anyOf ?? schema.oneOf;
  if (several) return several.map(typeOf).join(" | ");
  if (schema.type === "array") return T.list(typeOf(schema.items));
  if (schema.type === "object" && schema.additionalProperties) return T.map(typeOf(schema.additionalProperties));
  return schema.format ? `${schema.type} (${schema.format})` : schema.type ?? T.any;
}

/** The types that a schema is made of, each once, the schema itself first. */
function schemasIn(schema, document, found = new Map()) {
  if (!schema || typeof schema !== "object") return found;
  if (schema.$ref) {
    const name = schema.$ref.split("/").pop();
    if (found.has(name)) return found;
    found.set(name, resolved(schema, document));
    schemasIn(found.get(name), document, found);
  } else Object.values(schema).forEach((each) => schemasIn(each, document, found));
  return found;
}

function Fields({ name, schema }) {
  const rows = Object.entries(schema.properties ?? {}).map(([field, each]) => ({ field, each }));
  if (!rows.length) return null;
  return html`<div class="fields">
    <h4>${name}</h4>
    <${Table} caption=${name} rows=${rows} keyOf=${({ field }) => field} columns=${[
      [T.name, ({ field }) => html`<code>${field}</code>`],
      [T.type, ({ each }) => html`<span class="type">${typeOf(each)}</span>`],
      [T.meaning, ({ field, each }) => [each.description ?? "", schema.required?.includes(field) ? T.required : each.default !== undefined ? T.byDefault(each.default) : ""].filter(Boolean).join(" · ")],
    ]} />
  </div>`;
}

const Schema = ({ schema, document }) => [...schemasIn(schema, document)].map(([name, each]) => html`<${Fields} key=${name} name=${name} schema=${each} />`);

/** A command for a shell: the body in single quotes, those within it escaped. */
function curl(method, path, operation) {
  const here = new URL(".", location.href).href.replace(/\/$/, "");
  const parameters = operation.parameters ?? [];
  const shown = path.replace(/\{(\w+)\}/g, (_, name) => parameters.find((each) => each.name === name)?.example ?? name.toUpperCase());
  const query = parameters.filter((each) => each.in === "query" && each.example !== undefined).map(({ name, example }) => `${name}=${encodeURIComponent(example)}`);
  const parts = ["curl", "-s", ...(method === "get" ? [] : ["-X", method.toUpperCase()]), `'${here}${shown}${query.length ? `?${query.join("&")}` : ""}'`];
  if (operation.security) parts.push(...(api.hasKey() ? ["-H", '"Authorization: Bearer $KEY"'] : []));
  const content = operation.requestBody?.content;
  if (content?.["application/json"]) parts.push("-H 'Content-Type: application/json'", `-d '${JSON.stringify(content["application/json"].example ?? {}).replaceAll("'", `'\\''`)}'`);
  else if (content) parts.push(`-H 'Content-Type: ${Object.keys(content)[0]}'`, "--data-binary @FILE");
  return parts.join(" ");
}

function Operation({ method, path, operation, document }) {
  const content = Object.entries(operation.requestBody?.content ?? {});
  const ok = Object.entries(operation.responses["200"]?.content ?? {});
  const problems = Object.entries(operation.responses).filter(([status]) => status >= 400);
  return html`<details class="operation">
    <summary><span class=${`method ${method}`}>${method.toUpperCase()}</span> <code>${path}</code> <span class="soft">${operation.summary}</span></summary>
    <div class="described">
      <p>${operation.description}${operation.security ? ` ${T.key}` : ""}</p>
      <${Command} text=${curl(method, path, operation)} />
      ${operation.parameters?.length > 0 && html`<h3>${T.parameters}</h3><${Table} caption=${T.parameters} rows=${operation.parameters} keyOf=${({ name }) => name} columns=${[
        [T.name, ({ name }) => html`<code>${name}</code>`],
        [T.type, ({ schema }) => html`<span class="type">${typeOf(schema)}</span>`],
        [T.meaning, (each) => [each.schema?.description ?? each.description ?? "", T.in[each.in], each.required ? T.required : each.schema?.default !== undefined ? T.byDefault(each.schema.default) : ""].filter(Boolean).join(" · ")],
      ]} />`}
      ${content.map(([type, { schema, example }]) => html`<div key=${type}><h3>${T.body} <span class="soft">${type}</span></h3>
        <p class="soft">${resolved(schema, document).description}</p>
        ${example !== undefined && html`<pre tabindex="0" aria-label=${T.example}>${JSON.stringify(example, null, 2)}</pre>`}
        <${Schema} schema=${schema} document=${document} /></div>`)}
      ${ok.map(([type, { schema }]) => html`<div key=${type}><h3>${T.response} <span class="soft">${type}</span></h3><${Schema} schema=${schema} document=${document} /></div>`)}
      ${problems.length > 0 && html`<p class="soft small">${T.errors}: ${problems.map(([status, { description }]) => `${status} ${description}`).join(", ")}</p>`}
    </div>
  </details>`;
}

export function ApiReference() {
  const { data, error, reload } = useLoaded((signal) => api.get("/openapi.json", { signal }), []);
  const list = useRef(null);
  if (error) return html`<${ErrorNote} error=${error} retry=${reload} />`;
  if (!data) return html`<${Loading} lines=${12} />`;
  const operations = Object.entries(data.paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => ({ path, method, operation })));
  const tags = [...new Set(operations.map(({ operation }) => operation.tags?.[0] ?? ""))];
  const all = (open) => list.current.querySelectorAll("details").forEach((each) => (each.open = open));
  return html`<${Heading} title=${S.journeys.api} lead=${T.lead}>
      <${Button} kind="quiet" onClick=${() => all(true)}>${T.openAll}<//><${Button} kind="quiet" onClick=${() => all(false)}>${T.closeAll}<//>
      <a class="button" href="openapi.json" target="_blank" rel="noopener">${T.document}</a>
    <//>
    <div ref=${list}>
      ${tags.map((tag) => html`<section key=${tag} class="tag"><h2>${tag}</h2>
        ${operations.filter(({ operation }) => (operation.tags?.[0] ?? "") === tag).map((each) => html`<${Operation} key=${each.method + each.path} ...${each} document=${data} />`)}
      </section>`)}
    </div>`;
}
