// RFC 8785 by its own definition: what ECMAScript's JSON.stringify writes, keys sorted by UTF-16 code units.
import { readFileSync } from "node:fs";

const write = (value) => {
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(write).join(",")}]`;
  const keys = Object.keys(value).sort();
  return `{${keys.map((key) => `${JSON.stringify(key)}:${write(value[key])}`).join(",")}}`;
};

console.log(JSON.stringify(JSON.parse(readFileSync(0, "utf8")).map((text) => write(JSON.parse(text)))));
