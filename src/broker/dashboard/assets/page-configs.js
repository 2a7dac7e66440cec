import { configTable } from "./configs.js";
import { h, replace } from "./dom.js";
import { heading } from "./ui.js";

export async function show(context) {
  const table = await configTable(context, "/configs", "broker");
  replace(context.root, heading("Configs"),
    h("p", { class: "muted" }, "The broker's properties, by Kafka's names. Topics have their own, ",
      "on their pages."), table);
}
