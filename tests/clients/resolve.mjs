// Node reads the pages' import map here: `atw/…` is config/static/atw/….

import { register } from "node:module";

const root = new URL("../../config/static/atw/", import.meta.url).href;
const source = `export function resolve(name, context, next) {
  return next(name.startsWith("atw/") ? "${root}" + name.slice(4) : name, context);
}`;
register(`data:text/javascript,${encodeURIComponent(source)}`);
