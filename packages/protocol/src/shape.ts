/**
 * The schema language: every document, tuple, slip field and JSON answer that two parties exchange is a shape. A shape
 * reads and writes both forms a value has, canonical CBOR and JSON, and gives the JSON Schema of the second.
 */
export * from "./shape/compound.ts";
export * from "./shape/document.ts";
export * from "./shape/form.ts";
export * from "./shape/json.ts";
export * from "./shape/scalars.ts";
