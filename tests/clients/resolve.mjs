// Node reads what the pages' addresses say here: `atw/…` is config/static/atw/…, and one page's
// folder is beside another's.

import { register } from "node:module";

const at = (path) => new URL(`../../${path}`, import.meta.url).href;
const roots = { "atw/": at("config/static/atw/"), "../dashboard/": at("trips/dashboard/static/dashboard/") };
const source = `const roots = ${JSON.stringify(roots)};
export function resolve(name, context, next) {
  const begin = Object.keys(roots).find((one) => name.startsWith(one));
  return next(begin ? roots[begin] + name.slice(begin.length) : name, context);
}`;
register(`data:text/javascript,${encodeURIComponent(source)}`);
