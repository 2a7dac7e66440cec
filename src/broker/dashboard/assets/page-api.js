import { h, replace } from "./dom.js";
import { badge, heading } from "./ui.js";
import { get } from "./api.js";

const KINDS = { get: "info", post: "ok", patch: "warn", delete: "bad" };

function schemaText(schema, all, depth = 0) {
  if (!schema) return "";
  if (schema.$ref) return schemaText(all[schema.$ref.split("/").pop()], all, depth);
  const pad = "  ".repeat(depth + 1);
  if (schema.type === "object" && schema.properties && depth < 4) {
    const required = new Set(schema.required || []);
    const lines = Object.entries(schema.properties).map(([name, each]) =>
      `${pad}"${name}"${required.has(name) ? "" : "?"}: ${schemaText(each, all, depth + 1)}`);
    return `{\n${lines.join(",\n")}\n${"  ".repeat(depth)}}`;
  }
  if (schema.type === "array") return `[${schemaText(schema.items, all, depth)}]`;
  if (schema.enum) return schema.enum.map((each) => `"${each}"`).join(" | ");
  const types = Array.isArray(schema.type) ? schema.type.join(" | ") : schema.type || "any";
  return types;
}

function operation(method, path, about, schemas) {
  const body = about.requestBody && about.requestBody.content["application/json"].schema;
  const content = about.responses["200"].content || {};
  const answer = content["application/json"] && content["application/json"].schema;
  return h("details", { class: "card operation" },
    h("summary", {}, badge(method.toUpperCase(), KINDS[method]), " ",
      h("span", { class: "mono name" }, path), " ", h("span", { class: "muted" }, about.summary)),
    about.description && h("p", {}, about.description),
    about.parameters && about.parameters.length > 0 && h("table", { class: "plain" },
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Parameter"), h("th", { scope: "col" }, "Meaning"))),
      h("tbody", {}, about.parameters.map((each) => h("tr", {},
        h("td", { class: "mono" }, each.name),
        h("td", {}, each.description || "", each.schema.enum
          && ` One of: ${each.schema.enum.join(", ")}.`))))),
    body && [h("h3", {}, "Body"), h("pre", {}, schemaText(body, schemas))],
    answer && [h("h3", {}, "Answer"), h("pre", {}, schemaText(answer, schemas))],
    content["text/event-stream"] && h("p", {}, "Answers with server-sent events."));
}

export async function show(context) {
  const document = await get("/openapi.json");
  const groups = new Map(document.tags.map((tag) => [tag.name, []]));
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const [method, about] of Object.entries(methods)) {
      groups.get(about.tags[0]).push(operation(method, path, about, document.components.schemas));
    }
  }
  replace(context.root, heading("API"),
    h("p", {}, "All these pages do, any program can do. The description for tools: ",
      h("a", { href: "/api/v1/openapi.json" }, "openapi.json"), "; metrics: ",
      h("a", { href: "/metrics" }, "/metrics"), "; health: ", h("a", { href: "/healthz" }, "/healthz"),
      " and ", h("a", { href: "/readyz" }, "/readyz"), "."),
    h("pre", {}, `curl -s ${location.origin}/api/v1/topics`),
    document.tags.map((tag) => h("section", {}, h("h2", {}, tag.name),
      h("p", { class: "muted" }, tag.description), groups.get(tag.name))));
}
